"""Whether what got installed is what the lock names, and whether the target can load it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import Version

from lambda_layers.builder.installed import InstalledPackage
from lambda_layers.errors import LayersError
from lambda_layers.locks.pin import Pin
from lambda_layers.target import elf
from lambda_layers.target.platform import Target

if TYPE_CHECKING:
    from lambda_layers.builder.packages import BuiltPackage


def verify(folder: Path, found: Sequence[InstalledPackage], pins: Sequence[Pin], target: Target) -> None:
    """Raise LayersError with everything that is missing, superfluous, or not for the target."""
    problems = [*_closure_problems(found, pins), *_tag_problems(found, target), *elf.incompatibilities(folder, target)]
    if problems:
        raise LayersError("\n".join(problems))


def check_dependencies(layer: str, pieces: Sequence[BuiltPackage], provided: Set[str]) -> None:
    """Raise LayersError where a package needs another that neither this layer nor `provided` has."""
    there = {piece.name for piece in pieces} | provided
    missing = [f"{piece.name} needs {need}" for piece in pieces for need in piece.needs if need not in there]
    if missing:
        raise LayersError(f"layer {layer}: {'; '.join(missing)}: the lock's closure is incomplete, run `poetry lock`")


def _closure_problems(found: Sequence[InstalledPackage], pins: Sequence[Pin]) -> Iterator[str]:
    there = {package.name: package.version for package in found}
    for pin in pins:
        version = there.pop(pin.name, None)
        if version is None:
            yield f"{pin.name} {pin.version} is locked, and was not installed"
        elif pin.version and Version(version) != Version(pin.version):
            yield f"{pin.name} is locked at {pin.version}, and {version} was installed"
    yield from (f"{name} {version} was installed, and is not locked" for name, version in sorted(there.items()))


def _tag_problems(found: Sequence[InstalledPackage], target: Target) -> Iterator[str]:
    fitting = target.tags()
    for package in found:
        if not package.tags & fitting:
            got = ", ".join(sorted(str(tag) for tag in package.tags)) or "none"
            yield f"{package.name} is a wheel for {got}; the target is Python {target.python} on {target.platform}"
