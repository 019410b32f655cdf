"""Python packages that a rehearsal installs for itself, outside its own environment."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from rehearsal.host import host_environment
from rehearsal.host.checked_command import run_checked
from rehearsal.host.python_environment import create_environment

_SECONDS = 300


def pip_install(package: str, interpreter: Path, version: str, folder: Path) -> None:
    """Install the newest version of a package that supports an interpreter into the new folder `folder`.

    version: the interpreter's. A folder that another process has installed at the same time is kept. Raises
    CommandFailed.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{package}-") as temporary:
        commands, target = create_environment(interpreter, version, Path(temporary) / "environment"), f"{temporary}/to"
        command = [str(commands / "python"), "-m", "pip", "install", "--quiet", "--target", target, package]
        run_checked(command, env={**host_environment.clean_environment(), "HOME": temporary}, seconds=_SECONDS)
        if not folder.exists():
            shutil.move(target, folder)
