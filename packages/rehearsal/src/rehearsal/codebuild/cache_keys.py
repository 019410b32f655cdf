"""Which of a project's caches a build restores, and which one it saves, where the buildspec names a key.

Source: AWS CodeBuild user guide, "Build specification reference", cache/key and cache/fallback-keys.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Mapping, Sequence
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
    """restored: the folder that a build takes its cache from. saved: the one that it leaves it in."""

    restored: Path
    saved: Path
    key: str = ""

    def remember(self) -> None:
        """Note the key of what was saved, and forget the caches that were saved longest ago."""
        (self.saved / "key").write_text(self.key)
        kept = sorted(self.saved.parent.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for old in kept[:-RETAINED_KEYS]:
            shutil.rmtree(old, ignore_errors=True)


def select_caches(cache: Cache, *, store: Path, env: Mapping[str, str], source: Path) -> Caches:
    """Without a key the project's one cache; else that of the key, or the latest that begins with a fallback key."""
    if not cache.key:
        return Caches(store / "cache", store / "cache")
    keys = [_evaluated(text, env, source) for text in (cache.key, *cache.fallback_keys)]
    saved = store / "keys" / slug(keys[0])
    restored = saved if saved.exists() else _latest(store / "keys", keys[1:]) or saved
    return Caches(restored, saved, keys[0])


def provide_hash_files(folder: Path) -> None:
    """The command that keys are made with: one digest of all files that it is given."""
    write_script(folder / HASH_FILES, "cat -- \"$@\" | sha256sum | cut -d' ' -f1")


def slug(text: str) -> str:
    """A file name of the text's own."""
    return re.sub(r"\W+", "-", text).strip("-")[:40] + "-" + hashlib.sha256(text.encode()).hexdigest()[:8]


def _latest(folder: Path, prefixes: Sequence[str]) -> Path | None:
    kept = {each.parent: each.read_text() for each in folder.glob("*/key")}
    for prefix in prefixes:
        matching = [path for path, key in kept.items() if key.startswith(prefix)]
        if matching:
            return max(matching, key=lambda path: path.stat().st_mtime_ns)
    return None


def _evaluated(text: str, env: Mapping[str, str], source: Path) -> str:
    """The text as a shell reads it between double quotes: variables and commands in it are replaced."""
    printed: list[str] = []
    if not re.search(r"[$`]", text):
        return text
    quoted = '"' + text.replace('"', '\\"') + '"'
    with Processes(printed.append) as processes:
        command = ["/bin/sh", "-c", f"printf '%s\\n' {quoted}"]
        processes.run(command, cwd=source, env=dict(env), deadline=time.monotonic() + KEY_SECONDS)
    return " ".join(printed)
