"""Modules of this package that run as separate programs."""

from __future__ import annotations

import sys
from pathlib import Path

# The folder that holds the package `rehearsal`.
PACKAGES = Path(__file__).resolve().parents[2]


def helper_command(module: str) -> list[str]:
    """Calls `main` of a module, with what is added as its arguments; within some 10 ms.

    It finds the standard library and this package only: nothing that is installed, or that the environment names.
    """
    code = f"import sys; sys.path.append({str(PACKAGES)!r}); import {module}; {module}.main(*sys.argv[1:])"
    return [sys.executable, "-I", "-S", "-c", code]


def build_command(module: str) -> list[str]:
    """The same for a script that a build runs: there, the environment that has the rehearsal may be hidden."""
    return [str(Path(sys.executable).resolve()), *helper_command(module)[1:]]
