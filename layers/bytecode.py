"""Bytecode that Lambda accepts: dates in a layer are fixed and /opt is read-only, so none is checked by date."""

from __future__ import annotations

from pathlib import Path

from layers.processes import run


def compile_all(python: str, folder: Path) -> None:
    """Compile `folder` (the layer's `python/`) with the target's interpreter, as if it stood in /opt."""
    root = folder.parent.resolve()
    command = [
        python,
        "-I",
        "-m",
        "compileall",
        "-q",
        "-j",
        "0",
        "--invalidation-mode",
        "unchecked-hash",
        "-s",
        str(root),
    ]
    run([*command, "-p", "/opt", str(root / folder.name)], cwd=root)
