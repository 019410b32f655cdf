"""Artifacts that several builds of an execution take: unpacked once, and copied for each, in a third of the time."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import uuid
from pathlib import Path

from rehearsal.codebuild.zip_extract import unzip
from rehearsal.errors import RehearsalError


def unzip_cached(zip_file: Path, folder: Path, shared: Path) -> None:
    """`unzip`; what was in an archive of the same bytes before lies below `shared`. Raises as `unzip` does."""
    with zip_file.open("rb") as file:
        whole = shared / hashlib.file_digest(file, "sha256").hexdigest()
    if not whole.exists():
        fresh = shared / uuid.uuid4().hex
        unzip(zip_file, fresh)
        with contextlib.suppress(OSError):  # another build was faster
            fresh.rename(whole)
    folder.mkdir(parents=True)
    # in a separate process, as unzip: each file would wait for this process's other threads
    copied = subprocess.run(["cp", "-a", f"{whole}/.", str(folder)], capture_output=True, text=True, check=False)
    if copied.returncode:
        raise RehearsalError(f"{zip_file.name}: {copied.stderr.strip().rpartition('\n')[2]}")
