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
    from lambda_layers.builder.built_package import BuiltPackage


def verify(
    folder: Path,
    installed: Sequence[InstalledPackage],
    pins: Sequence[Pin],
    target: Target,
    files: Mapping[str, Iterable[str]] = MappingProxyType({}),
) -> dict[str, tuple[str, ...]]:
    """Return package -> warnings about its harmless files.

    files: package -> the names of its files in the lock.

    Raises LayersError with every package that is missing, superfluous, or not for the target.
    """
    problems = [*_closure_problems(installed, pins), *_tag_problems(installed, target, files)]
    warnings: dict[str, tuple[str, ...]] = {}
    for package in installed:
        findings = elf.examine((file.path for file in package.files), folder, target)
        problems += findings.problems()
        warnings[package.name] = tuple(f"{package.name}: {warning}" for warning in findings.warnings())
    if problems:
        raise LayersError("\n".join(problems))
    return warnings


def check_dependencies(
    layer: str, packages: Sequence[BuiltPackage], provided: Set[str], lock: Lockfile = lockfile.POETRY
) -> None:
    """Raise LayersError if a package needs one that neither this layer nor `provided` has."""
    available = {package.name for package in packages} | provided
    missing = [(package.name, need) for package in packages for need in package.needs if need not in available]
    if missing:
        needs = "; ".join(f"{name} needs {need}" for name, need in missing)
        add = sorted({need for _, need in missing})
        raise LayersError(
            f"layer {layer}: {needs}, as the wheel for this target says, and the lock does not know it: "
            f"the wheels of one version differ. Name it yourself: `{lock.add_command(' '.join(add))}`"
        )


def _closure_problems(installed: Sequence[InstalledPackage], pins: Sequence[Pin]) -> Iterator[str]:
    versions = {package.name: package.version for package in installed}
    for pin in pins:
        version = versions.pop(pin.name, None)
        if version is None:
            yield f"{pin.name} {pin.version} is locked, and was not installed"
        elif pin.version and Version(version) != Version(pin.version):
            yield f"{pin.name} is locked at {pin.version}, and {version} was installed"
    yield from (f"{name} {version} was installed, and is not locked" for name, version in sorted(versions.items()))


def _tag_problems(
    installed: Sequence[InstalledPackage], target: Target, files: Mapping[str, Iterable[str]]
) -> Iterator[str]:
    """Yield the packages without a tag of the target, in the names of locked files or in their WHEEL file.

    Published wheels may contradict their own names. pip and uv choose by the name, and such wheels work.
    """
    target_tags = target.tags()
    for package in installed:
        name_tags = frozenset[Tag]().union(*wheel_files.tags_by_file(files.get(package.name, ())).values())
        if not (name_tags | package.tags) & target_tags:
            tags = ", ".join(sorted(str(tag) for tag in package.tags or name_tags)) or "none"
            yield f"{package.name} is a wheel for {tags}; the target is Python {target.python} on {target.platform}"
