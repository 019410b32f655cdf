"""Commands of the project, run the way a user runs them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FOREIGN = ("AWS_", "CDK_", "CODEBUILD_", "PYTEST_", "MAKE", "MFLAGS")


def environment(root: Path = ROOT, **extra: str) -> dict[str, str]:
    """Return the environment for a command: the project's tools come first, settings of AWS and CDK are left out."""
    tools = (root / ".venv" / "bin", root / ".tools" / "bin", root / "node_modules" / ".bin")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    path = os.pathsep.join([*map(str, tools), os.environ["PATH"]])
    return {**kept, "PATH": path, "LC_ALL": "C.UTF-8"} | extra


def run(command: Sequence[str], env: Mapping[str, str], cwd: Path = ROOT, limit: float = 900) -> str:
    """Run one command and return its standard output. Raises AssertionError with all of its output if it fails."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=limit, check=False)
    said = f"`{' '.join(command)}` in {cwd} exited with {done.returncode}:\n{done.stdout}{done.stderr}"
    assert done.returncode == 0, said
    return done.stdout
