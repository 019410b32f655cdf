"""Bytecode that Lambda accepts: dates in a layer are fixed and /opt is read-only, so none is checked by date."""

from __future__ import annotations

from pathlib import Path

from lambda_layers.subprocesses import run

# Some packages hold files that are no Python for this version, templates say. They stay as they are.
_COMPILE = """
import compileall, py_compile, sys
unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
root, name = sys.argv[1:]
compileall.compile_dir(
    f"{root}/{name}", quiet=2, invalidation_mode=unchecked, stripdir=root, prependdir="/opt", workers=0
)
"""


def compile_all(python: str, folder: Path) -> None:
    """Compile `folder` (the layer's `python/`) with the target's interpreter, as if it stood in /opt."""
    root = folder.parent.resolve()
    run([python, "-I", "-c", _COMPILE, str(root), folder.name], cwd=root)
