"""Whether what could be imported from a folder still can be, after something was taken out of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from layers.errors import LayersError
from layers.processes import run

# Each in a process of its own would cost seconds; one that ends the process is told by its absence from the answer.
_TRY = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
done = {}
for name in sys.argv[2:]:
    try:
        importlib.import_module(name)
        done[name] = ""
    except BaseException as error:
        done[name] = f"{type(error).__name__}: {error}"
sys.__stdout__.write(chr(10) + json.dumps(done))
"""


@contextmanager
def unharmed(folder: Path, python: str | None) -> Iterator[None]:
    """Raise LayersError where a module below `folder` can't be imported any more after the block.

    Without an interpreter that could run what is in the folder, nothing is asked.
    """
    before = _tried(folder, python) if python else {}
    yield
    after = _tried(folder, python) if python else {}
    harmed = [f"{name} ({after.get(name)})" for name, error in before.items() if not error and after.get(name)]
    if harmed:
        raise LayersError(
            f"drop-tests = true takes away what is needed to import {', '.join(harmed)}; "
            "set it to false in [tool.layers]"
        )


def _tried(folder: Path, python: str) -> dict[str, str]:
    names = sorted({path.stem.partition(".")[0] for path in folder.iterdir() if _is_module(path)})
    answer = run([python, "-I", "-S", "-B", "-c", _TRY, str(folder), *names], cwd=folder.parent)
    found: dict[str, str] = json.loads(answer.splitlines()[-1])
    return found


def _is_module(path: Path) -> bool:
    return path.suffix in {".py", ".so"} or (path / "__init__.py").exists()
