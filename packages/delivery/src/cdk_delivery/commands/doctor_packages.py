"""What `doctor` says of the packages that the project is built with: whether they fit the project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cdk_delivery.commands.doctor_rows import Row

PACKAGES = ("cdk-delivery", "cdk-pipeline-console", "cdk-rehearsal", "lambda-layers")


def package_rows(root: Path) -> Iterator[Row]:
    """A row for each package: the installed version is the one that the project was generated or updated with.

    A project without a file VERSION has no such version; its packages have to be of one version.
    """
    file = root / "VERSION"
    needed = file.read_text().strip() if file.exists() else version(PACKAGES[0])
    for name in PACKAGES:
        found = _installed(name)
        if found or file.exists():
            mend = "" if found == needed else _remedy(root, name, needed)
            yield Row(f"{name} {needed}", "red" if mend else "ok", found or "not installed", mend)


def _installed(name: str) -> str:
    """Return the version of a package in this environment; empty where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _remedy(root: Path, name: str, needed: str) -> str:
    """Return the command that helps: wheels of another version come with an update, others need only be installed."""
    pins = root / "wheels" / "requirements.txt"
    wheel = rf"/{re.escape(name.replace('-', '_'))}-([^-]+)-"
    pinned = re.findall(wheel, pins.read_text()) if pins.exists() else [needed]
    return "make setup" if pinned == [needed] else "copier update"
