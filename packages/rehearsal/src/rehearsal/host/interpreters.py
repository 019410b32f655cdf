"""The Python interpreters of this machine."""

from __future__ import annotations

import functools
import os
import platform
import pwd
import re
import subprocess
import sys
from collections.abc import Iterable
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
    version, path = running_interpreter()
    others = _probe(_candidates("*"))
    others.pop(version, None)
    return {version: path, **others}


@functools.cache
def find_minor_version(minor: str) -> Path | None:
    """Return the newest interpreter of a minor version, such as 3.13; None where this machine has none."""
    version, path = running_interpreter()
    if version.rpartition(".")[0] == minor:
        return path
    interpreters = _probe(_candidates(minor.removeprefix("3.")))
    matching = [version for version in interpreters if version.startswith(f"{minor}.")]
    newest = max(matching, key=lambda version: [int(part) for part in re.findall(r"\d+", version)], default=None)
    return interpreters[newest] if newest else None


def _candidates(minor: str) -> list[Path]:
    """Return paths where an interpreter 3.`minor` may be; `*`: of every minor version."""
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv")
    names = [f"python3.{number}" for number in (range(9, 20) if minor == "*" else [minor])]
    return [
        # pyenv's shims are slow to answer; the interpreters behind them follow
        *(path for path in on_path(*names) if path.parent != pyenv / "shims"),
        *pyenv.glob(f"versions/3.{minor}.*/bin/python"),
        *(home / ".local/share/uv/python").glob(f"cpython-3.{minor}.*/bin/python3"),
    ]


def _probe(candidates: Iterable[Path]) -> dict[str, Path]:
    """Run every candidate to read its version; return the first one of each version."""
    question = "import sys; print(sys.version.split()[0], sys.executable)"
    commands = [[str(candidate), "-I", "-S", "-c", question] for candidate in candidates]
    with ThreadPoolExecutor() as pool:
        answers = [answer.partition(" ") for answer in pool.map(read_first_line, commands)]
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
