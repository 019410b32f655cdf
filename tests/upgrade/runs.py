"""Runs of the pipeline: their stages, and the names and providers of the actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.upgrade import recorded

NAME = "run.json"
AGAIN = "if this is intended, record it: python tests/upgrade/record.py run FILE, which `run --json FILE` wrote"


def record() -> list[Any]:
    """Return the recorded stages."""
    stages: list[Any] = recorded.read(NAME)["stages"]
    return stages


def stages(result: Mapping[str, Any]) -> list[Any]:
    """Return the stages of what `--json` wrote, in order, each with the name and the provider of its actions."""
    return [
        {"name": stage["name"], "actions": [[action["name"], action["provider"]] for action in stage["actions"]]}
        for stage in result["stages"]
    ]


def compare(old: list[Any], new: list[Any]) -> list[str]:
    """Return a diff of two lists of stages, and how to record again; empty if they are equal."""
    return [] if old == new else ["changed: stages", recorded.diff(old, new), AGAIN]
