"""Records of the templates, of the layers and of a run: written once, compared with the present tree by tests."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_SHOWN = 40  # lines of one diff


def differences(old: Any, new: Any, where: str = "", *, depth: int) -> Iterator[str]:
    """Yield a line for each name that was added or removed, and a diff for each value that changed.

    depth: how many levels hold names; what is below them is one value.
    """
    if not depth:
        if old != new:
            yield f"changed: {where}\n{diff(old, new)}"
        return
    for name in sorted({*old, *new}):
        place = f"{where}/{name}" if where else name
        if name not in new:
            yield f"removed: {place}"
        elif name not in old:
            yield f"added: {place}"
        else:
            yield from differences(old[name], new[name], place, depth=depth - 1)


def diff(old: Any, new: Any) -> str:
    """Return the lines that differ between two values, as JSON with one member, or one line of text, per line."""
    left, right = (json.dumps(_split(value), indent=1, sort_keys=True).splitlines() for value in (old, new))
    lines = [*difflib.unified_diff(left, right, "recorded", "present", n=2, lineterm="")]
    more = [f"... {len(lines) - _SHOWN} more lines"] if len(lines) > _SHOWN else []
    return "\n".join(f"    {line}" for line in [*lines[:_SHOWN], *more])


def _split(value: Any) -> Any:
    """Return `value` with each text of several lines, such as a buildspec, as a list of its lines."""
    match value:
        case Mapping():
            return {name: _split(member) for name, member in value.items()}
        case list():
            return [_split(member) for member in value]
        case str() if "\n" in value:
            return value.splitlines()
    return value


def pack(snapshots: Mapping[str, Any], *, depth: int) -> dict[str, Any]:
    """Return `snapshots` with each value at `depth` replaced by its digest; equal values are stored once."""
    bodies: dict[str, Any] = {}

    def packed(value: Any, left: int) -> Any:
        if left:
            return {name: packed(member, left - 1) for name, member in value.items()}
        text = json.dumps(value, sort_keys=True)
        kind = value.get("Type", "value") if isinstance(value, Mapping) else "value"
        key = f"{kind} {hashlib.sha256(text.encode()).hexdigest()[:16]}"
        bodies[key] = value
        return key

    return {"snapshots": packed(snapshots, depth), "bodies": bodies}


def unpack(record: Mapping[str, Any], *, depth: int) -> dict[str, Any]:
    """Return what `pack` was given."""

    def unpacked(value: Any, left: int) -> Any:
        return {name: unpacked(member, left - 1) for name, member in value.items()} if left else record["bodies"][value]

    snapshots: dict[str, Any] = unpacked(record["snapshots"], depth)
    return snapshots


def write(name: str, record: Mapping[str, Any], *, depth: int) -> Path:
    """Write a record with one line per value at `depth`, so that a change of it is a short diff."""
    path = FOLDER / name
    path.write_text(_lines(record, depth) + "\n")
    return path


def read(name: str) -> dict[str, Any]:
    """Read a record."""
    record: dict[str, Any] = json.loads((FOLDER / name).read_text())
    return record


def _lines(value: Any, depth: int, indent: str = "") -> str:
    inner = indent + " "
    match value:
        case list() if depth:
            members = [f"{inner}{_lines(member, depth - 1, inner)}" for member in value]
            return "[\n" + ",\n".join(members) + f"\n{indent}]"
        case Mapping() if depth and value:
            members = [f"{inner}{json.dumps(name)}: {_lines(value[name], depth - 1, inner)}" for name in sorted(value)]
            return "{\n" + ",\n".join(members) + f"\n{indent}}}"
    return json.dumps(value, sort_keys=True)
