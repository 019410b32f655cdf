"""Reads JSON whose form is not known: what is missing, or has another type, reads as empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

type JsonObject = dict[str, object]
type JsonValue = bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None


def member(value: object, *path: str) -> object:
    """Return the value at the end of a path of members; None where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def mapping(value: object, *path: str) -> Mapping[str, object]:
    """Return the object at the end of a path of members; empty where there is none."""
    found = member(value, *path)
    return found if isinstance(found, Mapping) else {}


def items(value: object, *path: str) -> Sequence[object]:
    """Return the list at the end of a path of members; empty where there is none."""
    found = member(value, *path)
    return found if isinstance(found, list) else []


def text(value: object, *path: str) -> str:
    """Return the string at the end of a path of members; empty where there is none."""
    found = member(value, *path)
    return found if isinstance(found, str) else ""
