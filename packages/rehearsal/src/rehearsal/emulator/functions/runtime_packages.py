"""The packages of Lambda's Python runtimes: the SDK of the rehearsal's environment, or one for an older Python.

Source: AWS Lambda developer guide, "Building Lambda functions with Python", runtime-included SDK versions.
"""

from __future__ import annotations

import functools
import importlib.metadata
import logging
import re
import threading
from collections.abc import Mapping
from pathlib import Path

from rehearsal.emulator.functions.unpacked_code import distributions, top_levels
from rehearsal.host import interpreters
from rehearsal.host.checked_command import CommandFailed
from rehearsal.host.pip_install import pip_install

SDK, CLIENT = "boto3", "awslambdaric"

log = logging.getLogger(__name__)
_installing = threading.Lock()


def runtime_packages(minor: str, interpreter: Path, store: Path) -> Mapping[str, Path]:
    """Return name in site-packages -> path, of the packages of a Python version such as 3.9.

    store: the folder for SDKs of older versions, which are installed once. Without a package registry the runtime has
    no SDK, and functions that import it fail.
    """
    client = _installed_packages(CLIENT)
    if _supports(minor):
        return {**client, **_installed_packages(SDK)}
    folder = store / f"python{minor}"
    with _installing:
        if not folder.exists() and not _install(folder, interpreter):
            return client
    fetched = {path.name: path for path in folder.iterdir() if path.name not in {"bin", "__pycache__"}}
    return {**client, **fetched}


@functools.cache
def _installed_packages(name: str) -> Mapping[str, Path]:
    """The packages of a distribution in the rehearsal's environment and of its dependencies; takes about 50 ms."""
    return top_levels(distributions(name))


@functools.cache
def _supports(minor: str) -> bool:
    """Return whether the SDK of the rehearsal's environment supports a Python version."""
    version = int(minor.partition(".")[2] or 0)
    required = (importlib.metadata.metadata(name).get("Requires-Python") or "" for name in distributions(SDK))
    lowest = [int(match[1]) for text in required if (match := re.search(r">=\s*3\.(\d+)", text))]
    return version >= max(lowest, default=0)


def _install(folder: Path, interpreter: Path) -> bool:
    """Install the newest SDK that supports this interpreter; return False, and log why, where that fails."""
    version = interpreters.read_first_line(
        [str(interpreter), "-c", "import platform; print(platform.python_version())"]
    )
    try:
        pip_install(SDK, interpreter, version, folder)
    except CommandFailed as error:
        log.warning("no %s for %s: %s", SDK, folder.name, error.output[-500:])
        return False
    return True
