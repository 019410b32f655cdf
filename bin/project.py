"""The folders of the project, and what its pyproject.toml and lock say."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"


class SetupError(Exception):
    """Something that the user has to fix; the message says what."""


def tool(name: str) -> str:
    """Return the path of a command of .tools/."""
    return str(TOOLS / "bin" / name)


def committed(name: str) -> Path:
    """Return a file that every project has. Raises SetupError if it is missing."""
    if not (ROOT / name).is_file():
        raise SetupError(f"there is no {name} in {ROOT}; `git checkout -- {name}` restores it")
    return ROOT / name


def target_python() -> str:
    """Return the Python version of [tool.layers]."""
    version = _layers_setting("python", r"([\d.]+)")
    if not version:
        raise SetupError(
            "pyproject.toml has no `python` in [tool.layers]; it names the functions' runtime, such as 3.13"
        )
    return version


def lock() -> Path:
    """Return the lock of the project: the one that [tool.layers] names, or the one that exists."""
    chosen = _layers_setting("lock", r"(poetry|uv)\.lock")
    existing = [chosen] if chosen else [name for name in ("poetry", "uv") if (ROOT / f"{name}.lock").exists()]
    if len(existing) > 1:
        advice = 'say which one in [tool.layers], `lock = "uv.lock"`, or remove the other'
        raise SetupError(f"there are poetry.lock and uv.lock; {advice}")
    kind = existing[0] if existing else "poetry"
    if not (ROOT / f"{kind}.lock").exists():
        raise SetupError(f"there is no {kind}.lock in {ROOT}; make it with `{kind} lock` and commit it")
    return ROOT / f"{kind}.lock"


def _layers_setting(name: str, form: str) -> str:
    """Return a setting of [tool.layers] whose value matches `form`, else nothing. Python 3.10 has no tomllib."""
    section = committed("pyproject.toml").read_text().partition("[tool.layers]")[2].partition("\n[")[0]
    match = re.search(rf"""^{name} *= *["']{form}["']""", section, re.MULTILINE)
    return match[1] if match else ""
