"""The supported resource types of CloudFormation, and providers of actions and rules, in a file.

The embedded AWS writes the file when it starts; commands read it without importing the embedded AWS.
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
    """What the embedded AWS supports. types: `AWS::Service::Resource`. providers: `Category/Provider`."""

    types: frozenset[str]
    providers: frozenset[str]


def write_supported(space: Workspace, types: Iterable[str], providers: Iterable[ActionType]) -> None:
    """Write the supported types and providers."""
    write_json(space.aws / _FILE, {"types": sorted(types), "providers": sorted(map(str, providers))})


def read_supported(space: Workspace) -> Supported:
    """Return what the running embedded AWS supports."""
    content = json.loads((space.aws / _FILE).read_text())
    return Supported(frozenset(content["types"]), frozenset(content["providers"]))
