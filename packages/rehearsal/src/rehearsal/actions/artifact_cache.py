"""A cache of unpacked artifacts for the builds of one execution: a copy takes a third of the time of unpacking."""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from pathlib import Path

from rehearsal.codebuild.zip_extract import unzip
from rehearsal.errors import RehearsalError
from rehearsal.host.checked_command import CommandFailed, run_checked


def unzip_cached(zip_file: Path, folder: Path, shared: Path) -> None:
    """Unpack a zip into `folder`, or copy the files of an identical zip that was unpacked before.

    shared: the folder for unpacked zips. Raises as `unzip` does.
    """
    with zip_file.open("rb") as file:
        cached = shared / hashlib.file_digest(file, "sha256").hexdigest()
    if not cached.exists():
        fresh = shared / uuid.uuid4().hex
        unzip(zip_file, fresh)
        with contextlib.suppress(OSError):  # another build was faster
            fresh.rename(cached)
    folder.mkdir(parents=True)
    # In a separate process, as in unzip: in this one every file would wait for the interpreter's lock.
    try:
        run_checked(["cp", "-a", f"{cached}/.", str(folder)])
    except CommandFailed as error:
        raise RehearsalError(f"{zip_file.name}: {error}") from error
