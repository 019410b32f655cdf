"""Change sets that change only the outputs of a stack.

Source: aws-cdk pull request 2029, "'cdk deploy' support updates to Outputs": CloudFormation creates a change set with 0
changes, which can be executed.
"""

from __future__ import annotations

from rehearsal.emulator.ministack.port import cloudformation
from rehearsal.emulator.ministack.port.cloudformation import StackRecord
from rehearsal.emulator.ministack.port.requests import Answer, Operation, Params


def accept_output_changes(handler: Operation) -> Operation:
    """Return the replacement of CreateChangeSet; a change set that changes only outputs can be executed."""

    def create_change_set(params: Params) -> Answer:
        answer = handler(params)
        stack = cloudformation.find_stack(cloudformation.parameter(params, "StackName"))
        change_set = cloudformation.created_change_set(answer)
        if stack and change_set and _is_rejected_as_empty(change_set) and _changes_outputs(change_set, stack):
            change_set |= {"Status": "CREATE_COMPLETE", "ExecutionStatus": "AVAILABLE", "StatusReason": ""}
        return answer

    return create_change_set


def _is_rejected_as_empty(change_set: StackRecord) -> bool:
    return bool(change_set["Status"] == "FAILED" and "didn't contain changes" in change_set["StatusReason"])


def _changes_outputs(change_set: StackRecord, stack: StackRecord) -> bool:
    before, after = (record["_template"].get("Outputs", {}) for record in (stack, change_set))
    return bool(before != after)
