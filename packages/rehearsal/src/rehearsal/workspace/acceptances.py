"""Action providers and resource types that the user accepted as not rehearsed.

`run --accept NAME` writes accepted.json, and the embedded AWS reads it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from rehearsal.engine.model.definition import ActionType
from rehearsal.host.atomic_write import write_json
from rehearsal.workspace.layout import Workspace

# Matches MiniStack's message for a resource type that it supports in part, such as one property.
_UNSUPPORTED = re.compile(r"\((AWS::[\w:]+)\): [^;]*not (?:yet )?(?:supported|implemented|emulated)")


@dataclass(frozen=True)
class Accepted:
    """The accepted names. providers: `Provider` or `Category/Provider`. types: `AWS::Service::Resource`."""

    providers: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()

    @classmethod
    def from_names(cls, names: Iterable[str]) -> Self:
        """Sort the names into types, which have `::`, and providers."""
        every = frozenset(names)
        types = frozenset(name for name in every if "::" in name)
        return cls(every - types, types)

    def takes(self, type_: ActionType) -> bool:
        """Return whether the provider is accepted, by its name or with its category."""
        return bool({type_.provider, str(type_)} & self.providers)


class AcceptedFile:
    """The file accepted.json, by which `run` passes the names to an embedded AWS that may already run."""

    def __init__(self, space: Workspace) -> None:
        self._path = space.home / "accepted.json"
        self._read: tuple[int, Accepted] = (0, Accepted())

    def write(self, names: Iterable[str]) -> None:
        write_json(self._path, sorted({*names}))

    def add(self, names: Iterable[str]) -> None:
        """Accept more names; without names nothing is written."""
        if names := tuple(names):
            accepted = self.read()
            self.write({*accepted.providers, *accepted.types, *names})

    def read(self) -> Accepted:
        """Return the current names; the file is read again only when it has changed."""
        try:
            changed = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return Accepted()
        if changed != self._read[0]:
            self._read = (changed, Accepted.from_names(json.loads(self._path.read_text())))
        return self._read[1]


def accept_options(names: Iterable[str]) -> str:
    """Return the options of a command line that accept all of `names`."""
    return " ".join(f"--accept {name}" for name in sorted(names))


def continue_hint(names: Iterable[str]) -> str:
    """Return how a run continues without all of `names`, with the whole command."""
    return f"`rehearse run {accept_options(names)}` continues, and what it accepts has no effect"


def accept_hint(message: str) -> str:
    """Return `continue_hint` for the resource types that an error says are supported in part; empty without one."""
    types = _UNSUPPORTED.findall(message)
    return continue_hint(types) if types else ""
