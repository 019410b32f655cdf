"""The check that a folder's modules can still be imported after files were removed from it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from lambda_layers.analysis.imports import modules
from lambda_layers.builder import pruning
from lambda_layers.builder.installed import installed_packages
from lambda_layers.errors import LayersError
from lambda_layers.subprocesses import run

# A separate process for each module would take minutes. Results are written one by one: if a module ends the process,
# it is the first one without a result, and the others are imported in another process.
_IMPORT_SCRIPT = """
import importlib, json, sys
asked, answers = sys.argv[1:3]
sys.path[:0] = sys.argv[3:]
with open(asked) as names, open(answers, "w") as output:
    for name in json.load(names):
        try:
            importlib.import_module(name)
            error = ""
        except BaseException as problem:
            error = f"{type(problem).__name__}: {problem}"
        print(json.dumps([name, error]), file=output, flush=True)
"""
# Seconds. No function imports a module that blocks when it is imported.
_TIMEOUT_SECONDS = 120


@contextmanager
def check_still_importable(folder: Path, dependencies: Path, python: str | None) -> Iterator[None]:
    """Raise LayersError if a module that the block keeps in `folder` could be imported before it, and cannot after it.

    dependencies: a folder with packages that those of `folder` may need. python: an interpreter that can run the
    packages; None skips the check.
    """
    if python is None:
        yield
        return
    files = _retained_modules(folder)
    before = _import_errors([*files], [folder, dependencies], python)
    yield
    asked = [name for name, error in before.items() if not error and (folder / files[name]).exists()]
    after = _import_errors(asked, [folder, dependencies], python)
    harmed = [f"{name} ({error})" for name, error in after.items() if error]
    if harmed:
        raise LayersError(
            f"drop-tests = true takes away what is needed to import {', '.join(harmed)}; "
            "set it to false in [tool.layers]"
        )


def _retained_modules(folder: Path) -> dict[str, str]:
    """Return module -> its file, for the modules that pruning keeps."""
    files: dict[str, str] = {}
    for file in (file.path for package in installed_packages(folder) for file in package.files):
        if not pruning.is_pruned(file, drop_tests=True):
            files |= dict.fromkeys(modules([file]), file)
    return {name: file for name, file in files.items() if _is_importable_name(name)}


def _is_importable_name(name: str) -> bool:
    return not name.endswith("__main__") and all(part.isidentifier() for part in name.split("."))


def _import_errors(names: Sequence[str], paths: Sequence[Path], python: str) -> Mapping[str, str]:
    """Return module -> its error; empty if it can be imported."""
    errors: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="layers-") as scratch:
        asked, answers = Path(scratch) / "asked.json", Path(scratch) / "answers.json"
        while remaining := [name for name in names if name not in errors]:
            asked.write_text(json.dumps(remaining))
            answers.write_text("")
            command = [python, "-I", "-S", "-B", "-c", _IMPORT_SCRIPT, str(asked), str(answers), *map(str, paths)]
            with suppress(LayersError):
                run(command, cwd=Path(scratch), seconds=_TIMEOUT_SECONDS)
            errors |= dict(json.loads(line) for line in answers.read_text().splitlines())
            unanswered = [name for name in remaining if name not in errors]
            errors |= dict.fromkeys(unanswered[:1], "it ends the process")
    return errors
