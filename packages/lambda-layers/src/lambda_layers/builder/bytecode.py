"""Bytecode that Lambda accepts: dates in a zip are fixed and its folders are read-only, so none is checked by date."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from lambda_layers.subprocesses import run

# compileall's own pool takes a third more: it starts a server, and sends each file to a process. Some packages hold
# files that are not Python of this version, such as templates. They stay as they are.
_COMPILE = """
import os, py_compile, sys
unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
root, name = sys.argv[1:]
files = [f"{folder}/{file}" for folder, _, names in os.walk(f"{root}/{name}") for file in names if file.endswith(".py")]
files.sort(key=lambda file: (os.path.getsize(file), file))
workers = os.cpu_count() or 1

def compile_share(worker):
    for file in files[worker::workers]:
        try:
            py_compile.compile(file, dfile="/opt" + file[len(root):], doraise=True, invalidation_mode=unchecked)
        except (py_compile.PyCompileError, OSError):
            pass

children = []
for worker in range(1, workers):
    child = os.fork()
    if not child:
        compile_share(worker)
        os._exit(0)
    children.append(child)
compile_share(0)
if any([os.waitpid(child, 0)[1] for child in children]):
    sys.exit("a process that compiles was killed")
"""
# Few files: a pool of processes would take longer to start than they take to compile.
_COMPILE_CODE = """
import json, py_compile, sys
unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
errors = {}
for name in json.loads(sys.argv[1]):
    try:
        py_compile.compile(name, dfile=f"/var/task/{name}", doraise=True, invalidation_mode=unchecked)
    except py_compile.PyCompileError as error:
        cause = error.exc_value
        line = f"{cause.lineno}: " if getattr(cause, "lineno", None) else ""
        errors[name] = f"{line}{getattr(cause, 'msg', None) or cause}"
print(json.dumps(errors))
"""


def compile_all(python: str, folder: Path) -> None:
    """Compile `folder` (the layer's `python/`) with the target's interpreter, as if it were in /opt."""
    root = folder.parent.resolve()
    run([python, "-I", "-c", _COMPILE, str(root), folder.name], cwd=root)


def compile_code(python: str, folder: Path, names: Sequence[str]) -> dict[str, str]:
    """Compile a function's modules with the target's interpreter, as if `folder` were /var/task.

    Return the modules that are not Python of this version, each with its line and error.
    """
    errors: dict[str, str] = json.loads(run([python, "-I", "-c", _COMPILE_CODE, json.dumps(names)], cwd=folder))
    return errors
