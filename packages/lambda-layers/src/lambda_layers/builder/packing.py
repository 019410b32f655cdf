"""The files of an installed package and their bytecode, deflated into one file, in the order of their names."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import batched, chain
from pathlib import Path
from typing import NamedTuple

from lambda_layers.builder.bytecode import Bytecode
from lambda_layers.builder.extent import Extent, ExtentReader
from lambda_layers.builder.installed import InstalledFile, InstalledPackage, RecordMismatch
from lambda_layers.builder.zip_archive import ZipEntry, deflate

# A task of the pool deflates files of this size in all, because a task for each file costs more than a small file.
# A few tasks at a time: what they return is in memory until those before it are written.
_TASK_BYTES = 2**19
_TASKS = 4 * (os.cpu_count() or 1)

# A file's name in the zip, and what it is.
_Member = tuple[str, InstalledFile | Extent]


class PackedFiles(NamedTuple):
    """The entries, and the file `blob` that holds their bytes, one after the other, with its digest."""

    parts: tuple[ZipEntry, ...]
    blob: Path
    digest: str


class Packer(NamedTuple):
    """Packs packages into the folder `scratch`. `bytecode`: that of all packages, by the module's name in the zip."""

    bytecode: Mapping[str, Bytecode]
    scratch: Path
    pool: ThreadPoolExecutor

    def pack(self, package: InstalledPackage, *, verified: bool) -> tuple[PackedFiles, tuple[str, ...]]:
        """Return the package's files, and what users should know of them.

        verified: whether the wheel was compared with the lock's hash just now. Then RECORD may be wrong: the wheel was
        published so. Otherwise raises RecordMismatch for a file that is not what RECORD says.
        """
        try:
            return self._pack(package), ()
        except RecordMismatch as error:
            if not verified:
                raise
            return self._pack(package.without_digests()), (f"{error}; the wheel is the one that the lock names",)

    def _pack(self, package: InstalledPackage) -> PackedFiles:
        members = sorted(_members(package, self.bytecode), key=lambda member: member[0])
        blob, digest = self.scratch / f"{package.name}.blob", hashlib.sha256()
        parts: list[ZipEntry] = []
        with blob.open("wb") as file:
            for tasks in batched(_tasks(package, members), _TASKS):
                for entry, packed in chain.from_iterable(self.pool.map(_deflate_all, tasks)):
                    parts.append(entry)
                    file.write(packed)
                    digest.update(packed)
        return PackedFiles(tuple(parts), blob, digest.hexdigest())


def _members(package: InstalledPackage, bytecode: Mapping[str, Bytecode]) -> Iterator[_Member]:
    for file in package.files:
        name = f"{package.folder.name}/{file.path}"
        yield name, file
        if compiled := bytecode.get(name):
            yield compiled.name, compiled.content


class _Task(NamedTuple):
    """Files that follow each other in the zip."""

    package: InstalledPackage
    members: Sequence[_Member]


def _tasks(package: InstalledPackage, members: Iterable[_Member]) -> Iterator[_Task]:
    size, task_members = 0, list[_Member]()
    for member in members:
        task_members.append(member)
        size += member[1].size
        if size >= _TASK_BYTES:
            yield _Task(package, task_members)
            size, task_members = 0, []
    yield _Task(package, task_members)


def _deflate_all(task: _Task) -> list[tuple[ZipEntry, bytes]]:
    with ExtentReader() as reader:
        return [
            deflate(name, reader.chunks(file))
            if isinstance(file, Extent)
            else deflate(name, task.package.chunks(file), executable=file.executable)
            for name, file in task.members
        ]
