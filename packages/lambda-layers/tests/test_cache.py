"""The cache: damaged entries count as absent, unused ones are removed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from lambda_layers.builder import cache as cache_module
from lambda_layers.builder.cache import Cache, digest


def test_cached_entries_are_found(tmp_path: Path) -> None:
    """The cache returns records by their key, and files by their digest."""
    cache = Cache(tmp_path / "cache")
    cache.keep_record("key", {"a": [1, 2]})
    cache.keep_bytes(b"content", digest(b"content"))
    assert cache.record("key") == {"a": [1, 2]}
    assert cache.has(digest(b"content"))
    assert cache.copy_to(digest(b"content"), tmp_path / "there" / "file")
    assert (tmp_path / "there" / "file").read_bytes() == b"content"


@pytest.mark.gate
def test_damaged_entries_count_as_absent(tmp_path: Path) -> None:
    """A record or file with one changed byte counts as absent."""
    cache = Cache(tmp_path / "cache")
    cache.keep_record("key", {"a": 1})
    cache.keep_bytes(b"content", digest(b"content"))
    for path in [*(tmp_path / "cache").rglob("key"), *(tmp_path / "cache" / "files").iterdir()]:
        path.write_bytes(path.read_bytes()[:-1])
    assert cache.record("key") is None
    assert not cache.has(digest(b"content"))
    assert not cache.copy_to(digest(b"content"), tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_two_machines_may_share_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two containers with the same process ids write different temporary files."""
    monkeypatch.setattr(os, "getpid", lambda: 1)
    written: list[Path] = []
    real = Path.replace

    def noted(self: Path, target: Path) -> Path:
        written.append(self)
        return real(self, target)

    monkeypatch.setattr(Path, "replace", noted)
    for content in (b"one", b"two"):
        Cache(tmp_path).keep_bytes(content, "same")
    assert len({*written}) == 2


def test_unused_entries_are_removed(tmp_path: Path) -> None:
    """The cache removes entries unused for months, and scratch folders of killed builds after a day."""
    cache = Cache(tmp_path)
    cache.keep_record("used", 1)
    cache.keep_record("unused", 2)
    (tmp_path / "scratch-killed").mkdir()
    (tmp_path / "scratch-running").mkdir()
    ages = {"records/used": 90, "records/unused": 90, "scratch-killed": 2}
    for name, days in ages.items():
        moment = time.time() - days * 24 * 3600
        os.utime(tmp_path / name, (moment, moment))
    assert cache.record("used") == 1
    cache.prune()
    assert (cache.record("used"), cache.record("unused")) == (1, None)
    assert [path.name for path in tmp_path.glob("scratch-*")] == ["scratch-running"]


def test_old_downloads_are_removed(tmp_path: Path) -> None:
    """uv's downloads are removed together after two months, since uv does not record their use."""
    cache = Cache(tmp_path)
    tag = cache.downloads / "CACHEDIR.TAG"
    tag.parent.mkdir()
    for days, there in ((50, True), (70, False)):
        tag.touch()
        moment = time.time() - days * 24 * 3600
        os.utime(tag, (moment, moment))
        cache.prune()
        assert cache.downloads.exists() is there
    assert list(tmp_path.iterdir()) == []


@pytest.mark.gate
def test_the_cache_has_a_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache removes the least recently used entries above its size."""
    monkeypatch.setattr(cache_module, "_MAX_BYTES", 25)
    cache = Cache(tmp_path)
    for age, name in ((3, "oldest"), (2, "old"), (1, "new")):
        cache.keep_bytes(b"x" * 10, name)
        moment = time.time() - age * 3600
        os.utime(tmp_path / "files" / name, (moment, moment))
    cache.prune()
    assert sorted(path.name for path in (tmp_path / "files").iterdir()) == ["new", "old"]
