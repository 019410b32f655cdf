"""A correction of MiniStack: the fault, the test that shows it, and the functions that it replaces."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from rehearsal.emulator.iam.enforcement import Check

# The version of MiniStack for whose functions the patches were written.
VERSION = "1.5.33"


class MissingTarget(LookupError):
    """MiniStack does not have the function any more."""

    def __init__(self, target: str) -> None:
        super().__init__(f"MiniStack has no {target}")


@dataclass(frozen=True)
class Patch:
    """A function of MiniStack that is replaced.

    target: `module:name`, or `module:table[key]...` for an entry of a dict. source: digest of the function's source,
    see `digest`. replacement: decorator that gets the function and returns its replacement. also: further targets that
    refer to the same function. owner: class of which `replacement` is a method; `apply` gets the object.
    """

    target: str
    source: str
    replacement: Callable[..., object]
    also: tuple[str, ...] = ()
    owner: type | None = None


@dataclass(frozen=True)
class Correction:
    """A fault of MiniStack and its correction: patches, or a check of every request that MiniStack allows.

    test: shows the fault without the correction; when it fails, the correction can be removed. upstream: link to the
    report, or the reason why there is none.
    """

    fault: str
    test: str
    upstream: str
    patches: tuple[Patch, ...] = ()
    check: Check | None = None


def place(target: str) -> tuple[MutableMapping[str, Any], str]:
    """Return the mapping that has a target, a module's names or a dict in it, and the key. Raises MissingTarget."""
    module, _, path = target.partition(":")
    *tables, key = re.split(r"\]?\[", path.removesuffix("]"))
    try:
        holder: MutableMapping[str, Any] = vars(import_module(module))
        for table in tables:
            holder = holder[table]
        holder[key]
    except (ImportError, KeyError) as error:
        raise MissingTarget(target) from error
    return holder, key


def read(target: str) -> Callable[..., object]:
    """Return the function of a target. Raises MissingTarget."""
    holder, key = place(target)
    function: Callable[..., object] = holder[key]
    return function


def replace(patch: Patch, owners: Mapping[type, object]) -> None:
    """Replace the patch's function in all its targets. Raises MissingTarget."""
    owner = (owners[patch.owner],) if patch.owner else ()
    replacement = patch.replacement(*owner, read(patch.target))
    for target in (patch.target, *patch.also):
        holder, key = place(target)
        holder[key] = replacement


def source(function: Callable[..., object], files: dict[str, list[str]]) -> str:
    """Return the source of a function with its decorators. Raises OSError without a source file.

    files: path -> lines of the files that were read, which this function extends; inspect.getsource would cache all
    files for good, 2.5 MB.
    """
    code = inspect.unwrap(function).__code__
    if code.co_filename not in files:
        files[code.co_filename] = Path(code.co_filename).read_text().splitlines(keepends=True)
    return "".join(inspect.getblock(files[code.co_filename][code.co_firstlineno - 1 :]))


def digest(text: str) -> str:
    """Return the digest of a function's source, for `Patch.source`."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:16]}"
