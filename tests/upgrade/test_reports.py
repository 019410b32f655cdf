"""Differences between two runs, and between two states of a deployed pipeline, are reported by name."""

from __future__ import annotations

from copy import deepcopy

import pytest

from tests.upgrade import runs
from tests.upgrade.deployed import lost

QUEUE = ("dev", "Dev-Echo", "Queue1234")
OLD = {QUEUE: ("AWS::SQS::Queue", "one"), ("dev", "Dev-Echo", "Version1"): ("AWS::Lambda::Version", "arn:1")}


@pytest.mark.parametrize("part", [0, 1])
def test_a_changed_action_is_reported(part: int) -> None:
    """The name and the provider of each action are compared; the report shows both values."""
    record = runs.record()
    changed = deepcopy(record)
    changed[-1]["actions"][-1][part] = "Other"
    report = "\n".join(runs.compare(record, changed))
    assert record[-1]["actions"][-1][part] in report
    assert "Other" in report
    assert runs.AGAIN in report


def test_a_missing_stage_is_reported() -> None:
    """A run that has fewer stages than the recorded one differs from it."""
    record = runs.record()
    assert runs.compare(record, record) == []
    assert runs.compare(record, record[:-1])


def test_a_deleted_resource_is_reported() -> None:
    """The report names environment, stack, logical id and type."""
    assert lost(OLD, {}) == ["dev/Dev-Echo/Queue1234 (AWS::SQS::Queue): one -> none"]


def test_a_replaced_resource_is_reported() -> None:
    """A resource with the same logical id and another physical id is a new one; additional resources are allowed."""
    new = {QUEUE: ("AWS::SQS::Queue", "two"), ("dev", "Dev-Echo", "Added"): ("AWS::SQS::Queue", "three")}
    assert lost(OLD, new) == ["dev/Dev-Echo/Queue1234 (AWS::SQS::Queue): one -> two"]
    assert lost(OLD, OLD) == []
