"""Updates that change only outputs: MiniStack fails their change set."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import cloudformation

from rehearsal.emulator.ministack.corrections import stacks
from rehearsal.emulator.ministack.patches import correct
from tests.emulator.iam.principals import ACCOUNT, REGION

STACK_ID = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/s/1"
RESOURCES = {"T": {"Type": "AWS::SNS::Topic"}}


@pytest.fixture(autouse=True)
def _no_stacks(as_it_comes: None) -> Iterator[None]:
    yield
    cloudformation._stacks.clear()
    cloudformation._change_sets.clear()


def template(revision: str) -> dict[str, Any]:
    return {"Resources": RESOURCES, "Outputs": {"Revision": {"Value": revision}}}


def change_set(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, str, int]:
    """Return status, execution status and number of changes of a change set between two templates."""
    cloudformation._change_sets.clear()
    record = {"StackName": "s", "StackId": STACK_ID, "StackStatus": "CREATE_COMPLETE", "_template": before}
    cloudformation._stacks["s"] = {**record, "_resources": {"T": {"ResourceType": "AWS::SNS::Topic"}}}
    params = {"StackName": "s", "TemplateBody": json.dumps(after), "ChangeSetName": "c", "ChangeSetType": "UPDATE"}
    cloudformation._ACTION_HANDLERS["CreateChangeSet"](params)
    (made,) = cloudformation._change_sets.values()
    return made["Status"], made["ExecutionStatus"], len(made["Changes"])


def test_a_change_of_outputs_only_can_be_executed() -> None:
    """The fault: MiniStack rejects the change set as empty, and the output keeps its old value."""
    assert change_set(template("a"), template("b")) == ("FAILED", "UNAVAILABLE", 0)
    correct(stacks.OUTPUT_CHANGES)
    assert change_set(template("a"), template("b")) == ("CREATE_COMPLETE", "AVAILABLE", 0)
    assert change_set({"Resources": RESOURCES}, template("b")) == ("CREATE_COMPLETE", "AVAILABLE", 0)


def test_a_change_set_without_changes_still_fails() -> None:
    """A change set without any change fails and cannot be executed, as on AWS."""
    correct(stacks.OUTPUT_CHANGES)
    assert change_set(template("a"), template("a")) == ("FAILED", "UNAVAILABLE", 0)
