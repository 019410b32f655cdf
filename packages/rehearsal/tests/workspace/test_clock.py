"""The rehearsal's clock: waits at a scale, and dates that can be advanced."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from rehearsal.errors import WrongUse
from rehearsal.host.cancellation import Cancellation
from rehearsal.workspace.clock import DEFAULT_SCALE, Clock, parse_jump, parse_scale


def test_waiting_passes_at_the_scale(tmp_path: Path) -> None:
    """A wait of 600 seconds at scale 6000 takes 0.1 seconds."""
    clock = Clock(tmp_path / "clock.json")
    assert clock.setting.scale == DEFAULT_SCALE
    clock.set_scale(6000)
    began = time.monotonic()
    assert len([*clock.moments(600, Cancellation())]) == 2
    assert 0.1 <= time.monotonic() - began < 1


def test_a_stop_ends_the_wait(tmp_path: Path) -> None:
    """A stop ends a wait immediately."""
    stop, clock = Cancellation(), Clock(tmp_path / "clock.json")
    moments = clock.moments(1e9, stop)
    next(moments)
    threading.Timer(0.05, stop.set).start()
    assert len([*moments]) == 1


def test_another_process_ends_a_wait_by_moving_the_date(tmp_path: Path, limits_of_waits: list[float]) -> None:
    """Advancing the date in another process wakes a wait, without polling."""
    waiting = Clock(tmp_path / "clock.json")
    waiting.set_scale(1)
    waiting.watch()
    moments, began = waiting.moments(3600, Cancellation()), time.monotonic()
    next(moments)
    threading.Thread(target=Clock(tmp_path / "clock.json").advance, args=(3600,)).start()
    assert [*moments]
    assert time.monotonic() - began < 5
    assert [limit for limit in limits_of_waits if limit < 1] == []


def test_dates_do_not_pass_at_the_scale(tmp_path: Path) -> None:
    """The scale does not affect ages; only advancing the date does."""
    clock, day_ago = Clock(tmp_path / "clock.json"), time.time() - 86400
    assert clock.age(day_ago) == pytest.approx(86400, abs=5)
    clock.advance(parse_jump("+90d"))
    assert clock.age(day_ago) == pytest.approx(91 * 86400, abs=5)
    assert clock.age(time.time()) == pytest.approx(0, abs=5)


@pytest.mark.parametrize("text", ["x", "0x", "-1", "20000x", "1e3", ""])
def test_a_wrong_scale_is_refused(text: str) -> None:
    """The error names the allowed scales."""
    with pytest.raises(WrongUse, match="from 1x to 10000x"):
        parse_scale(text)


@pytest.mark.parametrize("text", ["90d", "+d", "+1y", "-1d"])
def test_a_wrong_step_is_refused(text: str) -> None:
    """The error has an example of a step."""
    with pytest.raises(WrongUse, match=r"such as \+90d"):
        parse_jump(text)


def test_a_broken_file_is_reported(tmp_path: Path) -> None:
    """The error names the file, and says to remove it."""
    (tmp_path / "clock.json").write_text("{")
    with pytest.raises(WrongUse, match=r"clock\.json.*remove it"):
        Clock(tmp_path / "clock.json").elapsed(0)
