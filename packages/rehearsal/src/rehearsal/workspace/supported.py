"""Supported resource types of CloudFormation, and providers of actions and rules.

The embedded AWS writes it when it starts; commands read it without importing the embedded AWS.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from rehearsal.engine.model.definition import ActionType
from rehearsal.host.atomic_write import write_json
from rehearsal.workspace.layout import Workspace

_FILE = "supported.json"


@dataclass(frozen=True)
class Supported:
    """types: as templates name them. providers: `Category/Provider`."""

    types: frozenset[str]
    providers: frozenset[str]


def write_supported(space: Workspace, types: Iterable[str], providers: Iterable[ActionType]) -> None:
    """Record what there is."""
    write_json(space.aws / _FILE, {"types": sorted(types), "providers": sorted(map(str, providers))})


def read_supported(space: Workspace) -> Supported:
    """Return what the embedded AWS that runs has."""
    found = json.loads((space.aws / _FILE).read_text())
    return Supported(frozenset(found["types"]), frozenset(found["providers"]))
