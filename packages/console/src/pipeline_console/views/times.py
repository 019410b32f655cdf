"""Times and durations as pages show them."""

from __future__ import annotations

from datetime import UTC, datetime


def seconds_of(moment: object) -> float | None:
    """Return a timestamp of an API answer as seconds since 1970."""
    if isinstance(moment, datetime):
        return moment.timestamp()
    return float(moment) if isinstance(moment, int | float) else None


def duration(seconds: float | None) -> str:
    """Write a duration: 0.4 s, 12 s, 3 min 05 s, 2 h 10 min, 4 d 3 h."""
    if seconds is None:
        return ""
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def tick(seconds: float) -> str:
    """Write a place on a time line, which is round: 0, 0.5 s, 30 s, 10 min, 2 h, 3 d."""
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:g} {name}"
    return f"{seconds:g} s" if seconds else "0"


def iso(seconds: float | None) -> str:
    """Write a moment for `<time datetime>`; the browser shows it in its own time zone."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds is not None else ""


def clock(seconds: float | None) -> str:
    """Write a moment in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if seconds is not None else ""
