"""The local cache of a project: the paths under `cache`, moved in before a build and out after it.

Sources: AWS CodeBuild user guide, "Build specification reference" (cache) and "Cache builds to improve performance".
"""

from __future__ import annotations

import contextlib
import re
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rehearsal.codebuild.build_log import BuildLog
from rehearsal.codebuild.buildspec import Cache
from rehearsal.codebuild.cache_keys import Caches, slug
from rehearsal.host.folder_lock import lock_folder

# The home of CodeBuild's images; here the build's HOME is used for it.
HOME = "/root"
NODE_MODULES = "node_modules"
_HOME = re.compile(rf"(?:{HOME}|~|\$HOME|\$\{{HOME\}})(?=/|$)")
_SOURCE = re.compile(r"(?:\$CODEBUILD_SRC_DIR|\$\{CODEBUILD_SRC_DIR\})(?=/|$)")
_WILD = re.compile(r"[*?\[]")


@contextmanager
def restored_caches(
    cache: Cache, caches: Caches, *, source: Path, home: Path, log: BuildLog
) -> Iterator[Sequence[Path]]:
    """Move the cached paths to where the build looks for them, yield these, and move them back after the block.

    They are moved, not copied, so that large caches cost no time; a second concurrent build finds no cache.
    """
    paths = dict(_cached_paths(cache, source, home, log))
    stays = cache.action == "restore" or caches.restored != caches.saved
    if cache.action != "save":
        for pattern, path in paths.items():
            _restore(caches.restored / slug(pattern), path, pattern, log, stays=stays)
    try:
        yield tuple(paths.values())
    finally:
        if cache.action != "restore":
            for pattern, path in paths.items():
                _save(path, caches.saved / slug(pattern))
            if caches.key and caches.saved.exists():
                caches.remember()


def link_notes(cache: Cache) -> Iterator[str]:
    """Return notes on cached folders that CodeBuild would link: Node resolves links before it searches parents."""
    for pattern in cache.paths:
        if NODE_MODULES in pattern.split("/"):
            yield (
                f"cache.paths {pattern}: with a local cache CodeBuild makes {NODE_MODULES} a symbolic link, here it is"
                " a folder; programs that look from it into the folders above find others there"
            )


def _cached_paths(cache: Cache, source: Path, home: Path, log: BuildLog) -> Iterator[tuple[str, Path]]:
    """Yield each pattern with its file or directory, which is the part before its first wildcard."""
    for pattern in cache.paths:
        text = _SOURCE.sub(str(source), _HOME.sub(str(home), pattern))
        wildcard = _WILD.search(text)
        path = (source / (text[: wildcard.start()] if wildcard else text)).resolve()
        if path in {source.resolve(), home.resolve()}:
            log.note(f"cache.paths {pattern} is not kept: it names the whole of {path.name}")
        elif not (path.is_relative_to(source.resolve()) or path.is_relative_to(home.resolve())):
            log.note(f"cache.paths {pattern} is not kept: it lies outside the source and the home")
        else:
            yield pattern, path


def _restore(cached: Path, path: Path, pattern: str, log: BuildLog, *, stays: bool) -> None:
    """Move, or with `stays` copy, a cached path into the build, unless the source has it."""
    if not cached.exists():
        return
    if path.exists():
        log.say(f"Cached {pattern} is not restored: the source has it")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with lock_folder(cached.parent):
            if stays:
                _copy(cached, path)
            else:
                cached.rename(path)
    except FileNotFoundError:
        return  # another build of the project has just moved it
    log.say(f"Restored cache {pattern}")


def _save(path: Path, cached: Path) -> None:
    if not path.exists():
        return
    cached.parent.mkdir(parents=True, exist_ok=True)
    fresh, old = (cached.with_name(f".{cached.name}.{uuid.uuid4().hex[:8]}") for _ in range(2))
    shutil.move(path, fresh)
    with lock_folder(cached.parent):
        with contextlib.suppress(FileNotFoundError):
            cached.rename(old)
        fresh.rename(cached)
    _remove(old)


def _copy(cached: Path, path: Path) -> None:
    if cached.is_dir():
        shutil.copytree(cached, path, symlinks=True)
    else:
        shutil.copy2(cached, path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
