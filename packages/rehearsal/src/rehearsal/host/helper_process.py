"""Modules of this package that run as separate programs."""

from __future__ import annotations

import sys
from pathlib import Path

# The folder that holds the package `rehearsal`.
PACKAGES = Path(__file__).resolve().parents[2]


def helper_command(module: str) -> list[str]:
    """Return a command that calls `main` of a module; words that the caller appends are its arguments.

    The process starts in about 10 ms. It can import the standard library and this package only: site-packages and
    PYTHONPATH are off.
    """
    code = f"import sys; sys.path.append({str(PACKAGES)!r}); import {module}; {module}.main(*sys.argv[1:])"
    return [sys.executable, "-I", "-S", "-c", code]


def build_command(module: str) -> list[str]:
    """Return the same command for a script that a build runs.

    It names the interpreter outside the virtual environment, because builds may not see the rehearsal's environment.
    """
    return [str(Path(sys.executable).resolve()), *helper_command(module)[1:]]
