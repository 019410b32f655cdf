"""A project's local cache, from one build to the next."""

from __future__ import annotations

import contextlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from rehearsal.codebuild import caches
from rehearsal.codebuild.cache_keys import RETAINED_KEYS, Caches
from rehearsal.codebuild.caches import HOME
from tests.codebuild.case import Ran, run

FOLDER = 'ls "{0}" 2>/dev/null; mkdir -p "{0}"; touch "{0}/$CODEBUILD_BUILD_NUMBER"'


def spec(path: str, *patterns: str, **more: str) -> str:
    """Return a buildspec that lists `path`, then creates a file there, named by the build's number."""
    phases = {"build": {"commands": [FOLDER.format(path), 'test -z "$FAIL"']}}
    return yaml.safe_dump({"version": "0.2", "phases": phases, "cache": {"paths": list(patterns), **more}})


def twice(buildspec: str, folder: Path, *, cached: bool = True) -> tuple[Ran, Ran]:
    first, second = (run(buildspec, {"cached": cached}, folder, number=number) for number in (1, 2))
    assert first.printed == []
    return first, second


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("$HOME/.m2", f"{HOME}/.m2/**/*"),
        ("$HOME/.m2", "~/.m2/**"),
        ("node_modules", "node_modules/**/*"),
        ("a/b", "a/b/"),
        ("$CODEBUILD_SRC_DIR/kept", "$CODEBUILD_SRC_DIR/kept/*"),
    ],
)
def test_a_cached_folder_is_restored(path: str, pattern: str, tmp_path: Path) -> None:
    """Paths in root's home are restored in the build's home, other paths in the source."""
    _, second = twice(spec(path, pattern), tmp_path)
    assert second.printed == ["1"]
    assert f"Restored cache {pattern}" in second.log


def test_a_cached_file_is_restored(tmp_path: Path) -> None:
    """A path without a wildcard names a file."""
    text = yaml.safe_dump(
        {
            "version": "0.2",
            "phases": {"build": {"commands": ["cat kept.txt 2>/dev/null; echo kept > kept.txt"]}},
            "cache": {"paths": ["kept.txt"]},
        }
    )
    _, second = twice(text, tmp_path)
    assert second.printed == ["kept"]


def test_other_paths_are_not_restored(tmp_path: Path) -> None:
    """Paths outside of the cache, and all paths of a project without a cache, are not restored."""
    (tmp_path / "a").mkdir()
    assert twice(spec("kept", "other/**/*"), tmp_path / "a")[1].printed == []
    (tmp_path / "b").mkdir()
    assert twice(spec("kept", "kept/**/*"), tmp_path / "b", cached=False)[1].printed == []


def test_a_cache_that_is_only_restored_or_only_saved(tmp_path: Path) -> None:
    """`action` limits the cache to being restored or saved."""
    run(spec("kept", "kept/**/*", action="restore"), {}, tmp_path, number=1)
    assert run(spec("kept", "kept/**/*", action="save"), {}, tmp_path, number=2).printed == []
    assert run(spec("kept", "kept/**/*", action="save"), {}, tmp_path, number=3).printed == []
    assert run(spec("kept", "kept/**/*", action="restore"), {}, tmp_path, number=4).printed == ["3"]
    assert run(spec("kept", "kept/**/*", action="restore"), {}, tmp_path, number=5).printed == ["3"]


def test_the_source_wins_over_the_cache(tmp_path: Path) -> None:
    """A cached folder that exists in the source is not restored."""
    source = tmp_path / "given"
    (source / "kept").mkdir(parents=True)
    (source / "kept" / "of the source").touch()
    run(spec("kept", "kept/**/*"), {}, tmp_path, number=1)
    second = run(spec("kept", "kept/**/*"), {}, tmp_path, number=2, source=source)
    assert second.printed == ["of the source"]
    assert "is not restored: the source has it" in second.log


@pytest.mark.parametrize("pattern", ["/usr/local/lib/**/*", "**/*", f"{HOME}/**/*", "../other/**/*"])
def test_a_path_that_cannot_be_cached_is_reported(pattern: str, tmp_path: Path) -> None:
    """Paths outside of the build, and the whole build folder, are not cached, and the log says so."""
    ran = run(spec("kept", pattern), {}, tmp_path)
    assert f"cache.paths {pattern} is not kept" in ran.log


def keyed(folder: Path, lock: str, number: int, *fallback: str) -> list[str]:
    """Return the cached files of a build whose cache key contains a lock file's digest."""
    source = folder / f"source {number}"
    source.mkdir()
    (source / "lock").write_text(lock)
    more = {"key": "npm-$(codebuild-hash-files lock)-$CODEBUILD_INITIATOR", "fallback-keys": list(fallback)}
    text = yaml.safe_load(spec("kept", "kept/**/*"))
    text["cache"] |= more
    return run(yaml.safe_dump(text), {}, folder, number=number, source=source).printed


def test_a_key_chooses_the_cache(tmp_path: Path) -> None:
    """Builds whose key contains the same lock file digest share a cache."""
    assert keyed(tmp_path, "a", 1) == []
    assert keyed(tmp_path, "b", 2) == []
    assert keyed(tmp_path, "a", 3) == ["1"]
    assert keyed(tmp_path, "b", 4) == ["2"]


def test_a_fallback_key_restores_the_latest_match(tmp_path: Path) -> None:
    """The first fallback key that is a prefix of a cache's key restores it; that cache is not changed."""
    assert keyed(tmp_path, "a", 1) == []
    assert keyed(tmp_path, "b", 2, "other-") == []
    assert keyed(tmp_path, "c", 3, "other-", "npm-") == ["2"]
    assert keyed(tmp_path, "b", 4) == ["2"]
    assert keyed(tmp_path, "c", 5) == ["2", "3"]


def test_the_oldest_keys_are_deleted(tmp_path: Path) -> None:
    """Only the RETAINED_KEYS latest caches of a project are kept on the disk."""
    store = tmp_path / "keys"
    for number in range(RETAINED_KEYS + 2):
        saved = store / str(number)
        saved.mkdir(parents=True)
        os.utime(saved, (number, number))
    Caches(restored=saved, saved=saved, key="last").remember()
    assert {path.name for path in store.iterdir()} == {str(number) for number in range(2, RETAINED_KEYS + 2)}


def test_builds_that_end_together_leave_one_whole_cache(tmp_path: Path) -> None:
    """Concurrent builds that save the same cache do not fail, and leave one complete cache."""
    kept, failures = tmp_path / "cache" / "venv", list[BaseException]()
    for number in range(60):
        meeting = threading.Barrier(2)

        def saves(builder: int, number: int = number, meeting: threading.Barrier = meeting) -> None:
            place = tmp_path / f"build-{number}-{builder}" / ".venv"
            place.mkdir(parents=True)
            (place / "file").write_text("whole")
            meeting.wait()
            try:
                caches._save(place, kept)
            except BaseException as error:  # noqa: BLE001 - the test checks it
                failures.append(error)

        builders = [threading.Thread(target=saves, args=(builder,)) for builder in range(2)]
        for builder in builders:
            builder.start()
        for builder in builders:
            builder.join()
        assert [path.name for path in kept.rglob("*")] == ["file"]
    assert failures == []
    assert [path.name for path in kept.parent.iterdir()] == ["venv"]


def test_concurrent_saves_are_serialized(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock serializes the renames of two builds that save the same cache."""
    kept, meeting = tmp_path / "cache" / "venv", threading.Barrier(2)
    rename = Path.rename

    def rename_together(path: Path, target: Path) -> Path:
        if target == kept:
            with contextlib.suppress(threading.BrokenBarrierError):
                meeting.wait(0.2)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", rename_together)
    places = [tmp_path / f"build-{number}" / ".venv" for number in range(2)]
    for place in places:
        place.mkdir(parents=True)
        (place / "file").write_text("whole")
    with ThreadPoolExecutor(2) as builders:
        list(builders.map(lambda place: caches._save(place, kept), places))
    assert [path.name for path in kept.rglob("*")] == ["file"]
