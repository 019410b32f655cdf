"""Atomic file writes."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rehearsal.host.atomic_write import write_json, write_text


def test_threads_write_one_file_at_the_same_time(tmp_path: Path) -> None:
    """Threads that write one file never fail, and the file has the whole text of one of them."""
    path, texts = tmp_path / "file", [character * 10_000 for character in "abcdefgh"]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            list(pool.map(lambda text: write_text(path, text), texts))
            assert path.read_text() in texts
    assert [*tmp_path.iterdir()] == [path]


def test_no_other_user_reads_the_file_unless_its_mode_says_so(tmp_path: Path) -> None:
    """A file is for its owner only; a script gets the mode that it needs."""
    write_json(tmp_path / "values.json", {"a": 1})
    write_text(tmp_path / "script", "#!/bin/sh\n", mode=0o755)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("values.json", "script")]
    assert modes == [0o600, 0o755]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """Text that cannot be encoded raises an error; the file keeps its content, and no other file is left."""
    path = tmp_path / "file"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\udcff")
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]
