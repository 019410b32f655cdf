"""The Python interpreters of this machine."""

from __future__ import annotations

import functools
import os
import platform
import pwd
import subprocess
import sys
from pathlib import Path

from rehearsal import machine

PROBE_SECONDS = 10


def own() -> tuple[str, Path]:
    """The rehearsal's own interpreter: its version, such as 3.13.0, and its executable outside any environment."""
    return platform.python_version(), Path(sys.executable).resolve()


@functools.cache
def found() -> dict[str, Path]:
    """The rehearsal's own, then those of the search path, of pyenv and of uv; version -> executable, one for each."""
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv")
    candidates = [
        *on_path(*(f"python3.{minor}" for minor in range(9, 20))),
        *pyenv.glob("versions/3.*/bin/python"),
        *(home / ".local/share/uv/python").glob("cpython-3.*/bin/python3"),
    ]
    pythons = dict([own()])
    question = "import platform, sys; print(platform.python_version(), sys.executable)"
    for candidate in candidates:
        version, _, path = ask([str(candidate), "-I", "-c", question]).partition(" ")
        if version and version not in pythons:
            pythons[version] = Path(path).resolve()
    return pythons


def of_minor(minor: str) -> Path | None:
    """The newest interpreter of a minor version, such as 3.13; None where this machine has none."""
    version, path = own()
    if version.rpartition(".")[0] == minor:
        return path  # without asking every other one for its version
    fitting = [each for each in found() if each.rpartition(".")[0] == minor]
    return found()[max(fitting, key=lambda each: int(each.rpartition(".")[2]))] if fitting else None


def on_path(*names: str) -> list[Path]:
    """Every executable of these names on the search path."""
    folders = [Path(folder) for folder in machine.environment()["PATH"].split(os.pathsep) if folder]
    return [folder / name for name in names for folder in folders if os.access(folder / name, os.X_OK)]


def ask(command: list[str]) -> str:
    """The first line that a command prints; nothing where it fails, as pyenv's stand-ins do for what is off."""
    try:
        done = subprocess.run(
            command,
            env=machine.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.partition("\n")[0].strip() if done.returncode == 0 else ""
