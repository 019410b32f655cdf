"""The check that the installed packages are those of the lock, and that the target can load them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from packaging.tags import Tag
from packaging.version import Version

from lambda_layers.builder.installed import InstalledPackage
from lambda_layers.errors import LayersError
from lambda_layers.locks import lockfile, wheel_files
from lambda_layers.locks.lockfile import Lockfile
from lambda_layers.locks.pin import Pin
from lambda_layers.target import elf
from lambda_layers.target.platform import Target

if TYPE_CHECKING:
    from lambda_layers.builder.package import BuiltPackage


def verify(
    folder: Path,
    found: Sequence[InstalledPackage],
    pins: Sequence[Pin],
    target: Target,
    files: Mapping[str, Iterable[str]] = MappingProxyType({}),
) -> dict[str, tuple[str, ...]]:
    """Return package -> warnings about files that are harmless.

    files: package -> the names of its files in the lock.

    Raises LayersError with every package that is missing, superfluous, or not for the target.
    """
    libraries = {package.name: elf.examine((file.path for file in package.files), folder, target) for package in found}
    problems = [*_closure_problems(found, pins), *_tag_problems(found, target, files)]
    problems += [problem for findings in libraries.values() for problem in findings.problems()]
    if problems:
        raise LayersError("\n".join(problems))
    return {name: tuple(f"{name}: {warning}" for warning in seen.warnings()) for name, seen in libraries.items()}


def check_dependencies(
    layer: str, packages: Sequence[BuiltPackage], provided: Set[str], lock: Lockfile = lockfile.POETRY
) -> None:
    """Raise LayersError if a package needs one that neither this layer nor `provided` has."""
    available = {package.name for package in packages} | provided
    missing = [
        f"{package.name} needs {need}" for package in packages for need in package.needs if need not in available
    ]
    if missing:
        add = sorted({need for package in packages for need in package.needs if need not in available})
        raise LayersError(
            f"layer {layer}: {'; '.join(missing)}, as the wheel for this target says, and the lock does not know it: "
            f"the wheels of one version differ. Name it yourself: `{lock.add_command(' '.join(add))}`"
        )


def _closure_problems(found: Sequence[InstalledPackage], pins: Sequence[Pin]) -> Iterator[str]:
    installed = {package.name: package.version for package in found}
    for pin in pins:
        version = installed.pop(pin.name, None)
        if version is None:
            yield f"{pin.name} {pin.version} is locked, and was not installed"
        elif pin.version and Version(version) != Version(pin.version):
            yield f"{pin.name} is locked at {pin.version}, and {version} was installed"
    yield from (f"{name} {version} was installed, and is not locked" for name, version in sorted(installed.items()))


def _tag_problems(
    found: Sequence[InstalledPackage], target: Target, files: Mapping[str, Iterable[str]]
) -> Iterator[str]:
    """Yield the packages without a tag of the target, in the names of locked files or in their WHEEL file.

    Published wheels may contradict their own names. pip and uv choose by the name, and such wheels work.
    """
    fitting = target.tags()
    for package in found:
        named = frozenset[Tag]().union(*wheel_files.tags_by_file(files.get(package.name, ())).values())
        if not (named | package.tags) & fitting:
            got = ", ".join(sorted(str(tag) for tag in package.tags or named)) or "none"
            yield f"{package.name} is a wheel for {got}; the target is Python {target.python} on {target.platform}"
