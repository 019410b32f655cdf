"""The interpreter of the target's Python version, which the bytecode compiler needs."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path


def find(version: str) -> str | None:
    """Return an interpreter of `version` (3.13): this one, pyenv's or one on the PATH; None without one."""
    if is_running_version(version):
        return sys.executable
    return next((path for path in candidates(version) if _has_version(path, version)), None)


def is_running_version(version: str) -> bool:
    """Return whether `version` is that of the running interpreter."""
    return version == f"{sys.version_info.major}.{sys.version_info.minor}"


def candidates(version: str) -> list[str]:
    """Return the paths where an interpreter of `version` may be, pyenv's newest first."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    folders = (Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder)
    # neither release candidates nor free-threaded builds: their bytecode and ABI are not Lambda's
    final = re.compile(rf"{re.escape(version)}\.(\d+)")
    patches = {int(match[1]): path for path in pyenv.glob("*") if (match := final.fullmatch(path.name))}
    pyenv_paths = [patches[patch] / "bin" / "python" for patch in sorted(patches, reverse=True)]
    return [str(path) for path in [*pyenv_paths, *(folder / f"python{version}" for folder in folders)] if path.exists()]


def _has_version(python: str, version: str) -> bool:
    import subprocess  # noqa: PLC0415 - a build with nothing to do asks no interpreter

    # pyenv has a shim for every name, which fails if the version is not installed
    command = [python, "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.strip() == version
