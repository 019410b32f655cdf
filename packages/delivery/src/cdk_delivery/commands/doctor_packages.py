"""The check of `doctor` on the packages that the project is built with: whether their versions fit the project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cdk_delivery.commands.doctor_rows import Row

PACKAGES = ("cdk-delivery", "cdk-pipeline-console", "cdk-rehearsal", "lambda-layers")


def package_rows(root: Path) -> Iterator[Row]:
    """Yield whether each package is installed in the version that the project was generated or updated with.

    The file VERSION has that version. Without the file, all packages have to be of the same version.
    """
    file = root / "VERSION"
    needed = file.read_text().strip() if file.exists() else version(PACKAGES[0])
    for name in PACKAGES:
        installed = _installed(name)
        if installed or file.exists():
            remedy = "" if installed == needed else _remedy(root, name, needed)
            yield Row(f"{name} {needed}", "red" if remedy else "ok", installed or "not installed", remedy)


def _installed(name: str) -> str:
    """Return the version of a package in this environment; empty where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _remedy(root: Path, name: str, needed: str) -> str:
    """Return the command that fixes it: `make setup` if the project pins the needed wheel, else `copier update`."""
    pins = root / "wheels" / "requirements.txt"
    wheel = rf"/{re.escape(name.replace('-', '_'))}-([^-]+)-"
    pinned = re.findall(wheel, pins.read_text()) if pins.exists() else [needed]
    return "make setup" if pinned == [needed] else "copier update"
