"""Bug reports: one log file with versions, platform, command and traceback, which the user can attach to a report."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback
from importlib.metadata import PackageNotFoundError, version


def write_bug_report(prefix: str, distributions: tuple[str, ...]) -> str:
    """Write a report of the exception that is being handled; return the file's path.

    The command may contain values of the user, so the file stays on this machine until the user sends it.
    """
    versions = ", ".join(f"{name} {_version(name)}" for name in distributions)
    facts = (versions, f"Python {platform.python_version()}", platform.platform(), " ".join(sys.argv))
    with tempfile.NamedTemporaryFile("w", prefix=prefix, suffix=".log", delete=False) as log:
        log.write("\n".join((*facts, "", traceback.format_exc())))
    return log.name


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed)"
