"""Waits that a change wakes, and the watch of a file."""

from __future__ import annotations

import ctypes
import queue
import threading
from pathlib import Path

import pytest

from rehearsal.host import file_watch
from rehearsal.host.atomic_write import write_text
from rehearsal.host.cancellation import Cancellation
from rehearsal.host.changes import Changes


def test_a_change_between_the_look_and_the_wait_is_not_lost() -> None:
    """A change between a caller's check and its wait wakes that wait."""
    changes = Changes()
    moments = changes.moments(Cancellation(), lambda: 60)
    next(moments)
    changes.notify()
    next(moments)


def test_each_change_and_the_stop_wake_the_wait_of_another_thread(limits_of_waits: list[float]) -> None:
    """The caller checks once after each change and once after the stop, without polling."""
    changes, stop, looked = Changes(), Cancellation(), queue.SimpleQueue[bool]()

    def wait() -> None:
        for _ in changes.moments(stop):
            looked.put(stop.is_set())

    thread = threading.Thread(target=wait)
    thread.start()
    assert not looked.get(timeout=20)
    changes.notify()
    assert not looked.get(timeout=20)
    stop.set()
    thread.join(20)
    assert [looked.get_nowait() for _ in range(looked.qsize())] == [True]
    assert [limit for limit in limits_of_waits if limit < 1] == []


def test_the_caller_looks_a_last_time_when_the_time_is_over() -> None:
    """The caller checks once more after the timeout, so that a last change counts."""
    left = iter([0.01, 0])
    assert len([*Changes().moments(Cancellation(), lambda: next(left))]) == 2


def test_a_replaced_file_is_noticed(tmp_path: Path) -> None:
    """The watch reports that its file was replaced, but not other files of the folder."""
    file, seen = tmp_path / "clock.json", queue.SimpleQueue[str]()
    file_watch.watch(file, lambda: seen.put(file.read_text()))
    write_text(tmp_path / "other", "x")
    write_text(file, "new")
    assert seen.get(timeout=20) == "new"


def test_a_folder_that_cannot_be_watched_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """If the kernel refuses the watch, the log names the file and the kernel's reason."""

    def refuse() -> int:
        ctypes.set_errno(24)
        return -1

    monkeypatch.setattr(file_watch._libc, "inotify_init1", lambda _: refuse())
    file_watch.watch(tmp_path / "clock.json", lambda: None)
    assert "clock.json: changes are noticed late" in caplog.text
    assert "Too many open files" in caplog.text
