"""Poetry's lock, handed over by `poetry export`: names, versions, markers and hashes of one group's closure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from layers.errors import LayersError
from layers.processes import run, tool

_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^\s;]+)\s*(?:;\s*(?P<marker>.*))?$")


@dataclass(frozen=True)
class Pin:
    """One locked package, as exported: its own lines, and what they say."""

    name: str
    version: str
    marker: str
    text: str


def export(root: Path, group: str) -> list[Pin]:
    """The closure of one dependency group, hashes included."""
    return parse(run([tool("poetry", root), "export", "--only", group], cwd=root))


def parse(text: str) -> list[Pin]:
    """The pins of an exported requirements file."""
    return [_pin(block) for block in text.replace("\\\n", "").splitlines() if block.strip() and block[0] not in "#-"]


def _pin(block: str) -> Pin:
    requirement = block.split(" --hash", 1)[0].strip()
    match = _PINNED.match(requirement)
    if match is None:
        raise LayersError(f"`{requirement}` of the lock is no pinned package from an index")
    name = re.sub(r"[-_.]+", "-", match["name"]).lower()
    return Pin(name, match["version"], (match["marker"] or "").strip(), block)
