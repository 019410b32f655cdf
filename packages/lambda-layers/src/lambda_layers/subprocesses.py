"""Running other programs: their environment variables, and the message of a failure."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from lambda_layers.errors import LayersError, WrongUse

# Variables of the user's shell that would change what is installed, or which environment Poetry and uv use.
_REMOVED_VARIABLES = (
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONSTARTUP",
    "CONDA_PREFIX",
)


def find_tool(name: str, root: Path) -> str:
    """Return the path of the program `name`, in the project's .tools/ or on the PATH. Raises WrongUse."""
    local = root / ".tools" / "bin" / name
    if local.exists():
        return str(local)
    import shutil  # noqa: PLC0415 - a build with nothing to do finds its tools in .tools/

    path = shutil.which(name)
    if path is None:
        raise WrongUse(f"{name} was not found in .tools/ or on the PATH; run `make setup`")
    return path


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    without: Sequence[str] = (),
    shown: Sequence[str] | None = None,
    seconds: float | None = None,
) -> str:
    """Run `command` and return its standard output.

    env: variables in addition to those of this process. without: variables that are removed. shown: the command as
    error messages show it. seconds: the time-out.

    Raises LayersError for a failure, with the command, its folder, its status and its last lines, and for a time-out.
    """
    import subprocess  # noqa: PLC0415 - a build with nothing to do runs no program

    environ = {name: value for name, value in os.environ.items() if name not in {*_REMOVED_VARIABLES, *without}}
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as error:
        line = _without_passwords(" ".join(shown or command))
        raise LayersError(f"`{line}` in {cwd} took more than {seconds} seconds") from error
    if done.returncode:
        last = "\n".join(f"    {line}" for line in (done.stdout + done.stderr).strip().splitlines()[-15:])
        message = f"`{' '.join(shown or command)}` in {cwd} ended with {done.returncode}:\n{last}"
        raise LayersError(_without_passwords(message))
    return done.stdout


def _without_passwords(text: str) -> str:
    """Return the text without the user and password of URLs; the user of `git@` URLs stays."""
    return re.sub(r"://(?!git@)[^/\s@'`]+@", "://****@", text)
