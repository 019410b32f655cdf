"""The zip of each function's code: its files and their bytecode, built like layers, for /var/task.

A function's zip depends on its own files and on the target only, so that a change of code builds no layer and starts
neither Poetry nor uv.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lambda_layers.builder import cache_key
from lambda_layers.builder.function_files import FunctionFile, read_files
from lambda_layers.errors import LayersError
from lambda_layers.manifest import MANIFEST_PATH
from lambda_layers.selection import function_layers
from lambda_layers.target import interpreter

if TYPE_CHECKING:
    from lambda_layers.builder.build_record import BuildRecord, CodeRecord
    from lambda_layers.builder.cache import Cache
    from lambda_layers.builder.placed_files import PlacedFiles
    from lambda_layers.manifest_records import FunctionRecord, ManifestRecord

HANDLER = "main.py"


class BuiltCode(NamedTuple):
    """The code of all functions. new: the names of those that were not in the cache."""

    records: Sequence[CodeRecord]
    new: tuple[str, ...]

    def add_to(self, record: BuildRecord) -> BuildRecord:
        """Return a build's record, with the functions in its manifest and their zips among its files."""
        functions = [record["function"] for record in self.records]
        files = {function["zip"]: function["sha256"] for function in functions}
        manifest: ManifestRecord = {**record["manifest"], "functions": functions}
        return {**record, "manifest": manifest, "files": {**record["files"], **files}}

    @property
    def warnings(self) -> list[str]:
        """The warnings about all functions."""
        return [warning for record in self.records for warning in record["warnings"]]


class CodeBuilder:
    """Builder of the functions of the project in `root`. version: the target's Python."""

    def __init__(self, root: Path, version: str, cache: Cache, placed: PlacedFiles) -> None:
        self._root, self._version, self._cache, self._placed = root, version, cache, placed

    def build(self) -> BuiltCode:
        """Return the code of all functions: from the cache, or built now.

        Raises LayersError for a handler that is not Python, and for links that no build can follow.
        """
        records: list[CodeRecord] = []
        new: list[str] = []
        compilers = cache_key.compilers(self._version)
        for name in function_layers.functions(self._root):
            files = read_files(self._root, name)
            key = cache_key.digest("function", name, _digests(files), compilers)
            record: CodeRecord | None = self._cache.record(key)
            if record is None or not self._place_zip(record["function"]):
                record = self._build(name, files)
                self._cache.keep_record(key, record)
                new.append(name)
            records.append(record)
        return BuiltCode(records, tuple(new))

    def _place_zip(self, function: FunctionRecord) -> bool:
        """Write the zip to build/layers/ from the cache; return False if neither has it undamaged."""
        return self._placed.place(function["zip"], function["sha256"])

    @cached_property
    def _python(self) -> str | None:
        return interpreter.find(self._version)

    def _build(self, name: str, files: Sequence[FunctionFile]) -> CodeRecord:
        from lambda_layers.builder import zip_archive  # noqa: PLC0415 - a build with nothing to do writes none

        with self._cache.scratch() as scratch:
            task, archive = scratch / "task", scratch / "code.zip"
            errors = self._compile(task, files)
            if HANDLER in errors:
                raise LayersError(
                    f"lambda/{name}/{HANDLER}:{errors[HANDLER]}: the handler is not Python {self._version}"
                )
            compiled = [
                FunctionFile(path.relative_to(task).as_posix(), path.read_bytes()) for path in task.rglob("*.pyc")
            ]
            parts = [
                zip_archive.deflate(file.name, [file.content], executable=file.executable)
                for file in (*files, *compiled)
            ]
            unzipped, size, digest = zip_archive.write(archive, parts)
            self._cache.keep_moved(archive, digest)
            function: FunctionRecord = {
                "name": name,
                "zip": _zip_path(name, digest),
                "sha256": digest,
                "bytes": size,
                "unzipped_bytes": unzipped,
            }
        warnings = [f"lambda/{name}/{module}:{error}: no bytecode of it is shipped" for module, error in errors.items()]
        return {"function": function, "warnings": warnings}

    def _compile(self, task: Path, files: Sequence[FunctionFile]) -> dict[str, str]:
        from lambda_layers.builder import bytecode  # noqa: PLC0415 - as above

        modules = [file for file in files if file.name.endswith(".py")]
        for file in modules:
            path = task / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
        return bytecode.compile_code(self._python, task, [file.name for file in modules]) if self._python else {}


def _zip_path(name: str, digest: str) -> str:
    return (MANIFEST_PATH.parent / f"function-{name}-{digest}.zip").as_posix()


def _digests(files: Sequence[FunctionFile]) -> list[tuple[str, str, bool]]:
    return [(file.name, hashlib.sha256(file.content).hexdigest(), file.executable) for file in files]
