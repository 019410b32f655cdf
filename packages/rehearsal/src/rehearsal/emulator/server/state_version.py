"""The version of the embedded AWS's saved state, and the reasons not to use a saved state."""

from __future__ import annotations

import json
from pathlib import Path

from rehearsal.engine.state import journal
from rehearsal.workspace.layout import Workspace

# The version of the state's format, which includes the pipelines' journals.
VERSION = f"{journal.VERSION}"


def describe(state: Path, url: str) -> None:
    """Write the address and the version of the state in this folder."""
    (state / "address").write_text(url)
    (state / "version").write_text(VERSION)


def reason_not_to_resume(space: Workspace, url: str) -> str | None:
    """Return why an embedded AWS at `url` cannot use the saved state: None if it can, '' if there is none."""
    if not space.saved.exists():
        return (
            "the embedded AWS was killed, or its disk was full, before it could save it" if _was_killed(space) else ""
        )
    version = _read(space.saved / "version") or "1"
    if version != VERSION:
        return f"its format has version {version}, and this version of rehearsal has {VERSION}"
    address = _read(space.saved / "address")
    if address != url:
        known = address or "an unknown address"
        return f"it was saved at {known}, which its queues' URLs hold, and this start is at {url}"
    if damaged := sorted(path.name for path in space.saved.glob("*.json") if not _is_object(path)):
        names = ", ".join(damaged[:3]) + (f" and {len(damaged) - 3} more files" if len(damaged) > 3 else "")
        return f"{names} in {space.saved} cannot be read; MiniStack would start without what they held"
    return None


def _is_object(path: Path) -> bool:
    """Return whether the file holds a JSON object, as each service's state does."""
    try:
        return isinstance(json.loads(path.read_bytes()), dict)
    except ValueError:
        return False


def _was_killed(space: Workspace) -> bool:
    """Return whether the last embedded AWS was killed: a clean end moves the state away."""
    return (space.running / "version").exists()


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return ""
