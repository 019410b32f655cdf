"""Work that runs while Poetry exports the lock. The result does not depend on it: the export decides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from lambda_layers.builder.package_builder import PackageBuilder
from lambda_layers.errors import LayersError
from lambda_layers.locks.pin import Pin
from lambda_layers.selection import function_layers


def prefetch_packages(builder: PackageBuilder) -> None:
    """Build the packages that the lock names; the export has the same ones, unless markers differ.

    Skipped with drop-tests: packages are then imported, and all that they need has to be there.
    """
    if builder.settings.drop_tests:
        return
    with suppress(LayersError):  # the build of the exported packages reports it
        builder.build_packages([*_lock_pins(builder)])


def _lock_pins(builder: PackageBuilder) -> Iterator[Pin]:
    """Yield the packages from an index; those with several versions, a path or a commit are left to the export."""
    lock, target = builder.lock, builder.settings.target
    groups = function_layers.groups(builder.root).values()
    for name in sorted({name for group in groups for name in lock.chains(group, target)}):
        package, *others = lock.packages[name]
        if package.files and not others:
            hashes = sorted(f"sha256:{digest}" for digest in package.files.values())
            yield Pin(name, package.version, hashes=tuple(hashes), source=package.source)
