"""The interpreter of the target's version, which alone can compile for it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path


def find(version: str) -> str | None:
    """An interpreter of `version` (3.13): this one, pyenv's, or one on the PATH; None where there is none."""
    if sys.version_info[:2] == tuple(int(part) for part in version.split(".")):
        return sys.executable
    pyenv = Path.home() / ".pyenv" / "versions"
    candidates = [*sorted(pyenv.glob(f"{version}.*/bin/python")), shutil.which(f"python{version}")]
    return next((str(found) for found in candidates if found and _is(str(found), version)), None)


def _is(python: str, version: str) -> bool:
    # pyenv's shims answer to every name and then fail
    command = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.strip() == version
