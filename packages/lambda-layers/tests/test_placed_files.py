"""The zips in build/layers/ are read again only after a change, and each change is found."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from lambda_layers.builder import placed_files
from lambda_layers.builder.cache import Cache, digest, sha256
from lambda_layers.builder.placed_files import PlacedFiles

CONTENT = b"a zip"
DIGEST = digest(CONTENT)
PATH = "build/layers/one.zip"


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """A cache that has the zip."""
    found = Cache(tmp_path / "cache")
    found.keep_bytes(CONTENT, DIGEST)
    return found


@pytest.fixture
def root(tmp_path: Path, cache: Cache) -> Path:
    """A project where a build has placed the zip."""
    place(tmp_path / "project", cache)
    return tmp_path / "project"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are read to compare their digests."""
    paths: list[Path] = []

    def noted(path: Path) -> str | None:
        paths.append(path)
        return sha256(path)

    monkeypatch.setattr(placed_files, "sha256", noted)
    return paths


def place(root: Path, cache: Cache) -> bool:
    """Place the zip as each build does, in a new process."""
    placed = PlacedFiles(root, cache)
    done = placed.place(PATH, DIGEST)
    placed.save()
    return done


def edit(file: Path) -> None:
    """Change the content in place, with the same size and modification time."""
    before = file.stat()
    file.write_bytes(CONTENT[::-1])
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = file.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (before.st_size, before.st_mtime_ns, before.st_ino)


def test_an_unchanged_file_is_not_read(root: Path, cache: Cache, read: list[Path]) -> None:
    """A build without changes compares the status of its zips, and reads none."""
    assert place(root, cache)
    assert read == []


@pytest.mark.gate
def test_an_edit_that_keeps_size_and_date_is_found(root: Path, cache: Cache) -> None:
    """A zip that was edited with the same size and date is replaced, since its change time differs."""
    edit(root / PATH)
    assert place(root, cache)
    assert (root / PATH).read_bytes() == CONTENT


@pytest.mark.gate
def test_the_change_time_is_needed(root: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the change time the edit above is not found."""
    real = placed_files._identity
    monkeypatch.setattr(placed_files, "_identity", lambda file: [*real(file)[:-1], 0])
    (root / PATH).unlink()
    assert place(root, cache)
    edit(root / PATH)
    assert place(root, cache)
    assert (root / PATH).read_bytes() != CONTENT


@pytest.mark.gate
def test_another_digest_is_never_taken_as_compared(root: Path, cache: Cache) -> None:
    """A file with an unchanged status is read again for another digest."""
    placed = PlacedFiles(root, cache)
    assert not placed.place(PATH, digest(b"another zip"))


def test_a_file_that_was_changed_a_moment_ago_is_read_each_time(root: Path, cache: Cache, read: list[Path]) -> None:
    """A recently changed file is read each time, since a later change could have the same kernel time."""
    os.utime(root / PATH)
    assert place(root, cache)
    assert place(root, cache)
    assert read == [root / PATH] * 2


def test_a_file_that_was_compared_is_not_read_again(
    root: Path, cache: Cache, read: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A touched zip is read once, after the kernel's clock has advanced."""
    monkeypatch.setattr(placed_files, "_CLOCK_STEP_NS", -1)
    os.utime(root / PATH)
    assert place(root, cache)
    assert place(root, cache)
    assert read == [root / PATH]


def test_a_copied_project_compares_its_own_files(root: Path, cache: Cache, read: list[Path]) -> None:
    """A copied project reads its own files; comparisons in another folder do not count."""
    other = root.with_name("copy")
    shutil.copytree(root, other)
    edit(other / PATH)
    assert place(other, cache)
    assert read == [other / PATH]
    assert (other / PATH).read_bytes() == CONTENT


@pytest.mark.gate
def test_a_damaged_copy_in_the_cache_is_not_placed(root: Path, cache: Cache) -> None:
    """A damaged copy in the cache is not placed."""
    cache.file(DIGEST).write_bytes(CONTENT[::-1])
    (root / PATH).unlink()
    assert not place(root, cache)
    assert [*(root / PATH).parent.iterdir()] == []
