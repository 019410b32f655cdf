"""Compilation of bytecode that Lambda uses without checking dates.

Dates in a zip are fixed, and Lambda's folders are read-only, so that bytecode checked by date would be useless.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from lambda_layers.subprocesses import run

# compileall's process pool takes a third longer: it starts a server, and sends each file to a process. Errors are
# ignored: some packages contain files that are not Python of this version, such as templates.
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
# In one process: starting others would take longer than compiling a function's few files.
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
    """Compile `folder` (the layer's `python/`) with the target's interpreter, with paths below /opt."""
    root = folder.parent.resolve()
    run([python, "-I", "-c", _COMPILE, str(root), folder.name], cwd=root)


def compile_code(python: str, folder: Path, names: Sequence[str]) -> dict[str, str]:
    """Compile a function's modules with the target's interpreter, with paths below /var/task.

    Return module -> line and error, for the modules that are not Python of this version.
    """
    errors: dict[str, str] = json.loads(run([python, "-I", "-c", _COMPILE_CODE, json.dumps(names)], cwd=folder))
    return errors
