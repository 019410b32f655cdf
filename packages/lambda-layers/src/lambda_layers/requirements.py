"""Requirements in wheels and locks, parsed as leniently as uv and pip parse them."""

from __future__ import annotations

import re
from contextlib import suppress

from packaging.requirements import InvalidRequirement, Requirement

# Name, extras, any text for the version, marker. Old wheels hold versions that PEP 508 does not allow.
_PARTS = re.compile(
    r"\s*(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?P<extras>\[[^\]]*\])?(?P<rest>[^;]*)(?P<marker>;.*)?"
)


def read_leniently(text: str) -> Requirement | None:
    """Return a requirement, without a malformed version or marker; None if it has no name."""
    with suppress(InvalidRequirement):
        return Requirement(text)
    parts = _PARTS.fullmatch(text)
    if not parts:
        return None
    name = f"{parts['name']}{parts['extras'] or ''}"
    for attempt in (f"{name} {parts['marker'] or ''}", name, parts["name"]):
        with suppress(InvalidRequirement):
            return Requirement(attempt)
    return None
