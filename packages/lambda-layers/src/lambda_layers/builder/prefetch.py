"""Work before Poetry has answered. The result does not depend on it: Poetry's export decides what a layer holds."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import suppress

from lambda_layers.builder.packages import PackageBuilder
from lambda_layers.errors import LayersError
from lambda_layers.locks.pin import Pin
from lambda_layers.selection import function_layers

_LATE_MODULES = ("cyclonedx.contrib.license.factories", "cyclonedx.output.json", "lambda_layers.analysis.report")


def prefetch_packages(workshop: PackageBuilder) -> None:
    """Make the pieces that the lock names: they are Poetry's as well, unless it resolves a marker in another way.

    Not where packages lose their tests: they are then imported, for which all that they need has to be there.
    """
    if workshop.settings.drop_tests:
        return
    with suppress(LayersError):  # reported where Poetry's answer has it
        workshop.build_packages([*_lock_pins(workshop)])


def import_late_modules() -> None:
    """Import what is needed last, and takes longest to import."""
    for name in _LATE_MODULES:
        importlib.import_module(name)


def _lock_pins(workshop: PackageBuilder) -> Iterator[Pin]:
    """The index's packages of all layers; what has several versions, a path or a commit is left to Poetry."""
    lock, target = workshop.lock, workshop.settings.target
    groups = function_layers.groups(workshop.root).values()
    for name in sorted({name for group in groups for name in lock.chains(group, target)}):
        package, *others = lock.packages[name]
        if package.files and not others:
            hashes = sorted(f"sha256:{digest}" for digest in package.files.values())
            yield Pin(name, package.version, hashes=tuple(hashes), source=package.source)
