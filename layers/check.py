"""Whether every import of the functions is provided, and whether every package of the layers is imported."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from layers import plan, settings, slices
from layers.imports import Import, imports, modules, provides
from layers.manifest import Layer, Manifest

# Source: AWS Lambda developer guide, "Packaging your layer content" and "Runtime-included SDK versions"; Lambda's base
# image for Python 3.13 holds these beside its own bootstrap.
RUNTIME = frozenset(
    {"awslambdaric", "boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "snapshot_restore_py", "urllib3"}
)


@dataclass(frozen=True)
class Missing:
    """An import that nothing provides to a function, and the command that adds its package."""

    function: str
    found: Import
    command: str


@dataclass(frozen=True)
class Unused:
    """A package that a layer's group asks for, and that no function imports; `bytes` go with it."""

    layer: str
    package: str
    bytes: int
    only_for: tuple[str, ...] = ()


def missing(root: Path, built: Manifest) -> list[Missing]:
    """The imports of every function that its layers, its code, the standard library and the runtime don't provide."""
    return [each for name in slices.functions(root) for each in _missing(root, name, built)]


def _missing(root: Path, function: str, built: Manifest) -> Iterator[Missing]:
    folder = root / "lambda" / function
    own = modules(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    there = own.union(*(modules(files(root, layer)) for layer in built.of(function)))
    for found in imports(folder):
        top = found.name.partition(".")[0]
        if top not in sys.stdlib_module_names | RUNTIME and not provides(there, found.name):
            yield Missing(function, found, _command(root, function, top))


def files(root: Path, layer: Layer) -> list[str]:
    """The names in a layer, below its import root."""
    with zipfile.ZipFile(root / layer.zip) as zipped:
        return [name.removeprefix("python/") for name in zipped.namelist()]


def _command(root: Path, function: str, module: str) -> str:
    locked = plan.graph(root).packages
    same = canonicalize_name(module)
    # this environment knows that yaml is in PyYAML
    known = [canonicalize_name(name) for name in packages_distributions().get(module, ())]
    package = same if same in locked else (known or [same])[0]
    users = [name for name in slices.functions(root) if any(_is(i, module) for i in imports(root / "lambda" / name))]
    return f"poetry add {package}" if len(users) > 1 else f"poetry add --group {function} {package}"


def unused(root: Path, built: Manifest) -> list[Unused]:
    """What the layers' groups ask for and no function imports, largest first; each with all that only it needs."""
    target, locked, groups = settings.read(root / "pyproject.toml").target, plan.graph(root), slices.groups(root)
    used = {name: imports(root / "lambda" / name) for name in slices.functions(root)}
    found: list[Unused] = []
    for layer in built.layers:
        wanted = dict.fromkeys(canonicalize_name(need.name) for need in locked.roots[groups[layer.name]])
        users = {name: _users(root, layer, name, used) for name in wanted}
        kept = frozenset[str]().union(*(locked.closure(name, target) for name, by in users.items() if by))
        sizes = {package.name: package.bytes for package in layer.packages}
        for name in [name for name, by in users.items() if name in sizes and not by]:
            gone = locked.closure(name, target) - kept
            found.append(
                Unused(layer.name, name, sum(sizes.get(each, 0) for each in gone), tuple(sorted(gone - {name})))
            )
    return sorted(found, key=lambda each: -each.bytes)


def _users(root: Path, layer: Layer, package: str, used: dict[str, list[Import]]) -> Sequence[str]:
    tops = {name.partition(".")[0] for name in _provided(root, layer, package)}
    return [name for name in layer.functions if any(_is(found, *tops) for found in used[name])]


def _provided(root: Path, layer: Layer, package: str) -> Iterable[str]:
    with zipfile.ZipFile(root / layer.zip) as zipped:
        records = [name for name in zipped.namelist() if name.endswith(".dist-info/RECORD")]
        ours = [name for name in records if canonicalize_name(Path(name).parts[1].split("-")[0]) == package]
        lines = [line for name in ours for line in zipped.read(name).decode().splitlines()]
    return modules(line.rsplit(",", 2)[0].strip('"') for line in lines)


def _is(found: Import, *tops: str) -> bool:
    return found.name.partition(".")[0] in tops
