"""Environments, prepared once for their pins in the user's cache, and copied from there file by file.

So a fresh clone, or a build with a warm cache, has them within seconds.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import environment_files
import project
from project import SetupError

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lambda-layers-pipeline" / "environments"
KEPT = 12  # prepared environments; the ones used longest ago go first
# What prepares environments: a changed script shares none with an earlier one.
SOURCES = (*sorted(Path(__file__).resolve().parent.glob("*.py")), Path(__file__).resolve().with_name("setup"))


def provide(
    folder: Path,
    what: str,
    make: Callable[[Path], None],
    *inputs: bytes,
    finish: Callable[[Path], None] = lambda _: None,
    added: bytes = b"",
    verify: bool = False,
) -> None:
    """Provide the folder that `make` creates from `inputs`, unless it exists: from the cache, or created now.

    what: its name in messages. finish: adds to the folder, but not to the cache, what depends on `added`. verify:
    whether each file of an existing folder is compared with the prepared one. A stamp is written last, so that an
    incomplete folder is created again.
    """
    prepared_key = _hashed(*inputs, *(file.read_bytes() for file in SOURCES))
    key = f"{prepared_key} {_hashed(added)}"
    stamp = folder / ".setup-stamp"
    prepared = CACHE / prepared_key[:32]
    found = stamp.read_text() if stamp.exists() and works(folder) else ""
    if found == key and (not verify or repair(folder, prepared)):
        return
    print(f"setup: {what} -> {folder.relative_to(project.ROOT)}/", file=sys.stderr, flush=True)
    stamp.unlink(missing_ok=True)
    place = folder.resolve()  # CodeBuild links what its local cache keeps
    if found == key or not found.startswith(prepared_key) or not restore(folder, prepared):
        copy(prepared, place, make)
    if added:
        finish(place)
        environment_files.add(place)
    write(stamp, key)


def restore(folder: Path, prepared: Path) -> bool:
    """Remove what was added to a copy of the cached environment. Return whether its files are as recorded now."""
    environment_files.remove_added(folder, prepared)
    return repair(folder, prepared)


def repair(folder: Path, prepared: Path) -> bool:
    """Copy changed files of `folder` from the cached environment again. Return whether all are as recorded now."""
    changed = environment_files.changed(folder)
    if not changed:
        return bool(environment_files.read(folder))
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    print(f"setup: {folder.relative_to(project.ROOT)}/ was changed: {', '.join(changed[:3])}{more}", file=sys.stderr)
    try:
        environment_files.copy(prepared, folder.resolve(), changed)
    except (environment_files.Damaged, OSError):
        return False
    return True


def copy(prepared: Path, place: Path, make: Callable[[Path], None]) -> None:
    """Copy the cached environment to `place`. It is created if it is missing, or if one of its files was changed."""
    for _ in range(2):
        if not works(prepared) or not environment_files.read(prepared):
            remove(prepared)
            prepare(prepared, make)
        os.utime(prepared)
        if place.exists():
            shutil.rmtree(place)
        try:
            environment_files.copy(prepared, place)
        except environment_files.Damaged as error:
            print(f"setup: {prepared}/{error} was changed; preparing it again", file=sys.stderr)
            remove(prepared)
        else:
            return
    raise SetupError(f"{prepared} is changed while it is copied; end what writes there, and run `make setup` again")


def remove(prepared: Path) -> None:
    """Remove a prepared environment, or the link to one: a rehearsal links those of its user."""
    if prepared.is_symlink():
        prepared.unlink()
    else:
        shutil.rmtree(prepared, ignore_errors=True)


def works(environment: Path) -> bool:
    """Return whether an environment has its program; a removed interpreter leaves a dangling link."""
    return (environment / "bin" / "python").exists() or (environment / ".bin" / "cdk").exists()


def prepare(prepared: Path, make: Callable[[Path], None]) -> None:
    """Create a cached environment under another name, and rename it; of concurrent processes, the first one wins.

    Removes the environments that were used longest ago.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="making-", dir=CACHE))
    try:
        make(scratch)
        environment_files.seal(scratch)
        if not prepared.exists():
            scratch.rename(prepared)
    except OSError:
        if not prepared.exists():
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    others = [path for path in CACHE.iterdir() if not path.is_symlink() and not path.name.startswith("making-")]
    for old in sorted(others, key=lambda folder: folder.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def write(file: Path, text: str, mode: int = 0o644) -> None:
    """Write a file atomically, unless it has this text already."""
    if file.exists() and file.read_text() == text:
        return
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    temporary.write_text(text)
    temporary.chmod(mode)
    temporary.replace(file)


def _hashed(*inputs: bytes) -> str:
    return hashlib.sha256(b"\0".join(inputs)).hexdigest()
