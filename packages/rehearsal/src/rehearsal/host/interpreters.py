"""The Python interpreters of this machine."""

from __future__ import annotations

import functools
import os
import platform
import pwd
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rehearsal.host import host_environment

PROBE_SECONDS = 10


def running_interpreter() -> tuple[str, Path]:
    """Return the version of the running interpreter, such as 3.13.0, and its path outside any virtual environment."""
    return platform.python_version(), Path(sys.executable).resolve()


@functools.cache
def find_interpreters() -> dict[str, Path]:
    """Return version -> executable: the running interpreter, then those on the search path, of pyenv and of uv."""
    return dict([running_interpreter()]) | {
        version: path for version, path in _probe_candidates("*").items() if version != running_interpreter()[0]
    }


@functools.cache
def find_minor_version(minor: str) -> Path | None:
    """Return the newest interpreter of a minor version, such as 3.13; None where this machine has none."""
    version, path = running_interpreter()
    if version.rpartition(".")[0] == minor:
        return path
    fitting = {
        version: path
        for version, path in _probe_candidates(minor.removeprefix("3.")).items()
        if version.startswith(f"{minor}.")
    }
    return (
        fitting[max(fitting, key=lambda version: [int(part) for part in re.findall(r"\d+", version)])]
        if fitting
        else None
    )


def _probe_candidates(minor: str) -> dict[str, Path]:
    """Run every candidate 3.`minor` (`*`: every minor) to read its version; keep the first one of each version."""
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv")
    names = [f"python3.{number}" for number in (range(9, 20) if minor == "*" else [minor])]
    candidates = [
        # pyenv's shims are slow to answer; the interpreters behind them follow
        *(path for path in on_path(*names) if path.parent != pyenv / "shims"),
        *pyenv.glob(f"versions/3.{minor}.*/bin/python"),
        *(home / ".local/share/uv/python").glob(f"cpython-3.{minor}.*/bin/python3"),
    ]
    question = "import platform, sys; print(platform.python_version(), sys.executable)"
    with ThreadPoolExecutor() as pool:
        answers = [
            *pool.map(
                lambda candidate: read_first_line([str(candidate), "-I", "-c", question]).partition(" "), candidates
            )
        ]
    return {version: Path(path).resolve() for version, _, path in reversed(answers) if version}


def on_path(*names: str) -> list[Path]:
    """Return every executable with one of these names on the search path."""
    folders = [Path(folder) for folder in host_environment.clean_environment()["PATH"].split(os.pathsep) if folder]
    return [folder / name for name in names for folder in folders if os.access(folder / name, os.X_OK)]


def read_first_line(command: list[str]) -> str:
    """Return the first line that a command prints; empty where it fails, as pyenv's shims do for inactive versions."""
    try:
        done = subprocess.run(
            command,
            env=host_environment.clean_environment(),
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
