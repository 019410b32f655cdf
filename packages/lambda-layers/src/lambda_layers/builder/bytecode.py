"""Compilation of bytecode that Lambda uses without checking dates.

Dates in a zip are fixed, and Lambda's folders are read-only, so that bytecode checked by date would be useless.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from lambda_layers.builder.extent import Extent
from lambda_layers.subprocesses import run

# py_compile and compileall's pool take a third more: they write each module's file under another name and rename it,
# and collect garbage while they compile. Errors are ignored: some packages contain files that are not Python of this
# version, such as templates. The header is that of PEP 552: hash-based, unchecked.
_COMPILE = """
import gc, importlib.util, marshal, os, sys, warnings
gc.disable()
warnings.simplefilter("ignore")
root, name, into = sys.argv[1:]
files = [f"{folder}/{file}" for folder, _, names in os.walk(f"{root}/{name}") for file in names if file.endswith(".py")]
files.sort(key=lambda file: (os.path.getsize(file), file))
workers = os.cpu_count() or 1
header = importlib.util.MAGIC_NUMBER + bytes([1, 0, 0, 0])

def compile_share(worker):
    with open(f"{into}/{worker}.bytecode", "wb") as output:
        for file in files[worker::workers]:
            inside = file[len(root):]
            try:
                with open(file, "rb", 0) as opened:
                    source = opened.read()
                code = compile(source, "/opt" + inside, "exec", dont_inherit=True)
            except Exception:
                continue
            content = header + importlib.util.source_hash(source) + marshal.dumps(code)
            names = [os.fsencode(text[1:]) for text in (inside, importlib.util.cache_from_source(inside))]
            output.write(b"%d %d %d\\n" % (*map(len, names), len(content)))
            output.writelines([*names, content])

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
# In one process: starting others would take longer than compiling a function's few files. Importing json takes as long
# as everything else, so that it is imported for errors only.
_COMPILE_CODE = """
import importlib.util, marshal, os, sys
header = importlib.util.MAGIC_NUMBER + bytes([1, 0, 0, 0])
errors = {}
for name in sys.argv[1:]:
    with open(name, "rb") as opened:
        source = opened.read()
    try:
        code = compile(source, f"/var/task/{name}", "exec", dont_inherit=True)
    except Exception as cause:
        line = f"{cause.lineno}: " if getattr(cause, "lineno", None) else ""
        errors[name] = f"{line}{getattr(cause, 'msg', None) or cause}"
        continue
    cached = importlib.util.cache_from_source(name)
    os.makedirs(os.path.dirname(cached), exist_ok=True)
    with open(cached, "wb") as output:
        output.write(header + importlib.util.source_hash(source) + marshal.dumps(code))
if errors:
    import json
    print(json.dumps(errors))
"""
# Neither settings of the user nor packages of the environment; without `site` the interpreter starts sooner.
_ISOLATED = ("-I", "-S")


class Bytecode(NamedTuple):
    """The bytecode of one module: the name of its file, and where its bytes are."""

    name: str
    content: Extent


def compile_all(python: str, folder: Path, into: Path) -> dict[str, Bytecode]:
    """Compile `folder` (the layer's `python/`) with the target's interpreter, with paths below /opt.

    Return module -> bytecode; all names start with that of the folder. The bytes are in files in the folder `into`,
    which has to exist.
    """
    root = folder.parent.resolve()
    run([python, *_ISOLATED, "-c", _COMPILE, str(root), folder.name, str(into)], cwd=root)
    return dict(entry for path in into.glob("*.bytecode") for entry in _read_index(path))


def _read_index(path: Path) -> Iterator[tuple[str, Bytecode]]:
    with path.open("rb") as file:
        while line := file.readline():
            *lengths, size = map(int, line.split())
            module, name = (os.fsdecode(file.read(length)) for length in lengths)
            yield module, Bytecode(name, Extent(path, file.tell(), size))
            file.seek(size, os.SEEK_CUR)


def compile_code(python: str, folder: Path, names: Sequence[str]) -> dict[str, str]:
    """Compile a function's modules with the target's interpreter, with paths below /var/task.

    Return module -> line and error, for the modules that are not Python of this version.
    """
    printed = run([python, *_ISOLATED, "-c", _COMPILE_CODE, *names], cwd=folder)
    errors: dict[str, str] = json.loads(printed or "{}")
    return errors
