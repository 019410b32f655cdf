"""Cache keys: which of a project's caches a build restores, and under which key it saves one.

Source: AWS CodeBuild user guide, "Build specification reference", cache/key and cache/fallback-keys.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal.codebuild.buildspec import Cache
from rehearsal.host.processes import Processes
from rehearsal.host.script_file import write_script

HASH_FILES = "codebuild-hash-files"
KEY_SECONDS = 60.0
RETAINED_KEYS = 8  # keys of a project


@dataclass(frozen=True)
class Caches:
    """The caches of a build. restored: the folder to restore from. saved: the folder to save to."""

    restored: Path
    saved: Path
    key: str = ""

    def remember(self) -> None:
        """Write the key of the saved cache, and remove all but the RETAINED_KEYS newest caches."""
        (self.saved / "key").write_text(self.key)
        oldest_first = sorted(self.saved.parent.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for old in oldest_first[:-RETAINED_KEYS]:
            shutil.rmtree(old, ignore_errors=True)


def select_caches(
    cache: Cache,
    *,
    store: Path,
    env: Mapping[str, str],
    source: Path,
    processes: Callable[[Callable[[str], None]], Processes] = Processes,
) -> Caches:
    """Return the caches of a build.

    Without a key: the project's one cache. With a key: the cache of the key, else the newest one whose key begins with
    a fallback key. store: the project's folder. source: as commands see it. processes: runs the commands in keys.
    """
    if not cache.key:
        return Caches(store / "cache", store / "cache")
    keys = [_evaluated(text, env, source, processes) for text in (cache.key, *cache.fallback_keys)]
    saved = store / "keys" / slug(keys[0])
    restored = saved if saved.exists() else _latest(store / "keys", keys[1:]) or saved
    return Caches(restored, saved, keys[0])


def provide_hash_files(folder: Path) -> None:
    """Write the command for keys, which prints one digest of all files that are its arguments."""
    write_script(folder / HASH_FILES, "cat -- \"$@\" | sha256sum | cut -d' ' -f1")


def slug(text: str) -> str:
    """Return a file name that is unique for the text."""
    return re.sub(r"\W+", "-", text).strip("-")[:40] + "-" + hashlib.sha256(text.encode()).hexdigest()[:8]


def _latest(folder: Path, prefixes: Sequence[str]) -> Path | None:
    keys = {file.parent: file.read_text() for file in folder.glob("*/key")}
    for prefix in prefixes:
        matching = [path for path, key in keys.items() if key.startswith(prefix)]
        if matching:
            return max(matching, key=lambda path: path.stat().st_mtime_ns)
    return None


def _evaluated(
    text: str, env: Mapping[str, str], source: Path, start: Callable[[Callable[[str], None]], Processes]
) -> str:
    """The text with variables and command substitutions evaluated, as a shell does between double quotes."""
    printed: list[str] = []
    if not re.search(r"[$`]", text):
        return text
    quoted = '"' + text.replace('"', '\\"') + '"'
    with start(printed.append) as processes:
        command = ["/bin/sh", "-c", f"printf '%s\\n' {quoted}"]
        processes.run(command, cwd=source, env=dict(env), deadline=time.monotonic() + KEY_SECONDS)
    return " ".join(printed)
