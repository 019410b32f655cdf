"""The rehearsal's clock: AWS's waiting times are scaled, and a command moves AWS's date forward.

The time limits of builds and functions, and all times in journals and logs, are machine time.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal.errors import WrongUse
from rehearsal.host import file_watch
from rehearsal.host.atomic_write import write_json
from rehearsal.host.cancellation import Cancellation
from rehearsal.host.changes import Changes

# A canary of five minutes takes 1.5 seconds, and with the calls of its hooks less than three.
DEFAULT_SCALE = 200.0
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


@dataclass(frozen=True)
class ClockSetting:
    """The clock's setting. scale: seconds of AWS per machine second. jumps: (machine time, seconds forward) of each."""

    scale: float = DEFAULT_SCALE
    jumps: tuple[tuple[float, float], ...] = ()

    def at(self, machine: float) -> float:
        """Return AWS's time, in seconds, at a machine time. Only differences of two such times have a meaning."""
        return machine * self.scale + sum(seconds for at, seconds in self.jumps if at <= machine)


@dataclass
class Clock:
    """The clock of one workspace; a change by another process takes effect immediately.

    changes: wakes the threads that wait on this clock. Code that can end such a wait early has to notify it.
    """

    path: Path
    changes: Changes = field(default_factory=Changes, repr=False)
    _read: tuple[int, ClockSetting] = field(default=(-1, ClockSetting()), repr=False)

    @property
    def setting(self) -> ClockSetting:
        try:
            changed = self.path.stat().st_mtime_ns
        except FileNotFoundError:
            return ClockSetting()
        if self._read[0] != changed:
            self._read = changed, _parsed(self.path)
        return self._read[1]

    def elapsed(self, since: float) -> float:
        """Return the seconds of AWS since a machine time."""
        setting = self.setting
        return setting.at(time.time()) - setting.at(since)

    def age(self, since: float) -> float:
        """Return the seconds since a machine time for dates such as an expiry: jumps count, the scale does not."""
        return time.time() - since + sum(seconds for at, seconds in self.setting.jumps if at > since)

    def watch(self) -> None:
        """Wake the waits of this process when another process changes the clock."""
        file_watch.watch(self.path, self.changes.notify)

    def moments(self, seconds: float, stop: Cancellation) -> Iterator[None]:
        """Yield now, after each change, and a last time when `seconds` of AWS have passed or `stop` is set."""
        began = time.time()
        return self.changes.moments(stop, lambda: (seconds - self.elapsed(began)) / self.setting.scale)

    def set_scale(self, scale: float) -> None:
        self._write(ClockSetting(scale, self.setting.jumps))

    def advance(self, seconds: float) -> None:
        """Move AWS's date forward by `seconds`."""
        setting = self.setting
        self._write(ClockSetting(setting.scale, (*setting.jumps, (time.time(), seconds))))

    def _write(self, setting: ClockSetting) -> None:
        write_json(self.path, {"scale": setting.scale, "jumps": [list(jump) for jump in setting.jumps]})


def parse_scale(text: str) -> float:
    """Return the scale in a text such as `60x`. Raises WrongUse."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)x?", text)
    if not match or not 1 <= float(match[1]) <= 10_000:
        raise WrongUse(f"clock: got {text}; a scale is a number from 1x to 10000x, such as 60x")
    return float(match[1])


def parse_jump(text: str) -> float:
    """Return the seconds in a text such as `+90d`. Raises WrongUse."""
    match = re.fullmatch(r"\+(\d+)([smhdw])", text)
    if not match:
        raise WrongUse(f"clock: got {text}; a step is a plus, a number and one of s, m, h, d and w, such as +90d")
    return int(match[1]) * UNITS[match[2]]


def _parsed(path: Path) -> ClockSetting:
    try:
        setting = json.loads(path.read_text())
        jumps = tuple((float(at), float(seconds)) for at, seconds in setting["jumps"])
        return ClockSetting(float(setting["scale"]), jumps)
    except (ValueError, KeyError, TypeError) as error:
        raise WrongUse(f"{path} cannot be read ({error}): remove it, and the clock is the default again") from error
