"""The rehearsal's clock: AWS's minutes of waiting pass at a scale, and dates move by a command.

Machine time stays machine time: how long a build or a function may run, and every time in journals and logs.
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
    """scale: seconds of AWS per second. jumps: the machine time of each, and its seconds."""

    scale: float = DEFAULT_SCALE
    jumps: tuple[tuple[float, float], ...] = ()


@dataclass
class Clock:
    """The clock of one workspace; a change by another process counts immediately.

    changes: wakes what waits. Whatever may end a wait that is measured by this clock notifies it.
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

    def at(self, machine: float) -> float:
        """Return AWS's time, in seconds, at a time of the machine: only differences of it mean something."""
        setting = self.setting
        return machine * setting.scale + sum(seconds for at, seconds in setting.jumps if at <= machine)

    def elapsed(self, since: float) -> float:
        """Return the seconds of AWS since a time of the machine."""
        return self.at(time.time()) - self.at(since)

    def age(self, since: float) -> float:
        """Return how old something is, for dates such as an expiry: jumps count, the scale does not."""
        return time.time() - since + sum(seconds for at, seconds in self.setting.jumps if at > since)

    def watch(self) -> None:
        """Let a change by another process wake the waits of this one."""
        file_watch.watch(self.path, self.changes.notify)

    def moments(self, seconds: float, stop: Cancellation) -> Iterator[None]:
        """Yield now, after each change, and a last time when these seconds of AWS are over or `stop` is set."""
        began = time.time()
        return self.changes.moments(stop, lambda: (seconds - self.elapsed(began)) / self.setting.scale)

    def set_scale(self, scale: float) -> None:
        self._write(ClockSetting(scale, self.setting.jumps))

    def advance(self, seconds: float) -> None:
        """Let dates of AWS be later by these seconds."""
        setting = self.setting
        self._write(ClockSetting(setting.scale, (*setting.jumps, (time.time(), seconds))))

    def _write(self, setting: ClockSetting) -> None:
        write_json(self.path, {"scale": setting.scale, "jumps": [list(jump) for jump in setting.jumps]})


def parse_scale(text: str) -> float:
    """Return the scale in a text such as `60x`. Raises WrongUse."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)x?", text)
    if not found or not 1 <= float(found[1]) <= 10_000:
        raise WrongUse(f"clock: got {text}; a scale is a number from 1x to 10000x, such as 60x")
    return float(found[1])


def parse_jump(text: str) -> float:
    """Return the seconds in a text such as `+90d`. Raises WrongUse."""
    found = re.fullmatch(r"\+(\d+)([smhdw])", text)
    if not found:
        raise WrongUse(f"clock: got {text}; a step is a plus, a number and one of s, m, h, d and w, such as +90d")
    return int(found[1]) * UNITS[found[2]]


def _parsed(path: Path) -> ClockSetting:
    try:
        found = json.loads(path.read_text())
        jumps = tuple((float(at), float(seconds)) for at, seconds in found["jumps"])
        return ClockSetting(float(found["scale"]), jumps)
    except (ValueError, KeyError, TypeError) as error:
        raise WrongUse(f"{path} cannot be read ({error}): remove it, and the clock is the default again") from error
