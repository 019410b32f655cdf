"""Stack states in which AWS rejects changes: MiniStack accepts them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from ministack.services import cloudformation

from rehearsal.emulator.ministack.corrections import refusals
from rehearsal.emulator.ministack.patches import correct
from tests.emulator.iam.principals import ACCOUNT, REGION

STACK_ID = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/s/1"
STATES = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED")


@pytest.fixture(autouse=True)
def _no_stacks(as_it_comes: None) -> Iterator[None]:
    yield
    cloudformation._stacks.clear()
    cloudformation._change_sets.clear()


def answer(operation: str, state: str, **more: str) -> str:
    """Return the response to an operation on a stack in this state."""
    cloudformation._change_sets.clear()
    cloudformation._stacks["s"] = {"StackName": "s", "StackId": STACK_ID, "StackStatus": state, "_resources": {}}
    params = {"StackName": "s", "TemplateBody": json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}), **more}
    return str(cloudformation._ACTION_HANDLERS[operation](params)[2].decode())


def change_set(state: str, kind: str = "UPDATE") -> str:
    return answer("CreateChangeSet", state, ChangeSetName="c", ChangeSetType=kind)


def test_a_stack_that_was_rolled_back_takes_no_change_set() -> None:
    """The fault: MiniStack accepts the change set. Corrected, the error has AWS's message."""
    assert "<Error>" not in change_set("ROLLBACK_COMPLETE")
    correct(refusals.STACK_STATES)
    for state in STATES:
        refused = change_set(state)
        assert "<Code>ValidationError</Code>" in refused
        assert f"Stack:{STACK_ID} is in {state} state and can not be updated." in refused
        assert "already exists and cannot be created again with the changeSet [c]" in change_set(state, "CREATE")


def test_an_update_is_refused_in_aws_words() -> None:
    """UpdateStack is rejected with AWS's message in the same states, and while an update is in progress."""
    correct(refusals.STACK_STATES)
    for state in (*STATES, "UPDATE_IN_PROGRESS"):
        assert f"Stack:{STACK_ID} is in {state} state and can not be updated." in answer("UpdateStack", state)


def test_a_stack_that_was_rolled_back_keeps_its_name() -> None:
    """The fault: MiniStack replaces a rolled back stack. Corrected, it must be deleted first."""
    correct(refusals.STACK_STATES)
    assert "<Code>AlreadyExistsException</Code>" in answer("CreateStack", "ROLLBACK_COMPLETE")


def test_an_update_that_was_rolled_back_can_be_repeated() -> None:
    """A stack in UPDATE_ROLLBACK_COMPLETE can be updated; a stack in REVIEW_IN_PROGRESS can be created."""
    correct(refusals.STACK_STATES)
    for state in ("UPDATE_ROLLBACK_COMPLETE", "CREATE_COMPLETE", "UPDATE_COMPLETE"):
        assert "<Error>" not in change_set(state)
    assert "<Error>" not in change_set("REVIEW_IN_PROGRESS", "CREATE")
