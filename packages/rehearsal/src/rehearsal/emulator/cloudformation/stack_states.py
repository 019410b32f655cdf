"""Stack states in which CloudFormation refuses to create or update a stack.

Sources: AWS CloudFormation user guide, "View stack information" (stack status codes) and "Stack failure options"; the
error messages are quoted in public reports (aws-cdk#901, lamby#132, data-lakes-on-aws#109).
"""

from __future__ import annotations

from rehearsal.emulator.ministack.port import cloudformation
from rehearsal.emulator.ministack.port.requests import Answer, Operation, Params

# A stack whose creation was rolled back has no resources; only its deletion makes its name available.
_NOT_UPDATABLE = frozenset(
    {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"}
)
_CREATABLE = frozenset({"", "REVIEW_IN_PROGRESS", "DELETE_COMPLETE"})


def reject_creation(handler: Operation) -> Operation:
    """Return the replacement of CreateStack; it rejects the name of a stack whose creation was rolled back."""

    def create_stack(params: Params) -> Answer:
        name, status = _name_and_status(params)
        if status in _NOT_UPDATABLE:
            return cloudformation.error_answer("AlreadyExistsException", f"Stack [{name}] already exists", 400)
        return handler(params)

    return create_stack


def reject_update(handler: Operation) -> Operation:
    """Return the replacement of UpdateStack; it rejects stacks that cannot be updated, with AWS's message."""

    def update_stack(params: Params) -> Answer:
        return _update_error(params) or handler(params)

    return update_stack


def reject_change_set(handler: Operation) -> Operation:
    """Return the replacement of CreateChangeSet; it rejects stacks that cannot be updated or created."""

    def create_change_set(params: Params) -> Answer:
        if cloudformation.parameter(params, "ChangeSetType") != "CREATE":
            return _update_error(params) or handler(params)
        name, status = _name_and_status(params)
        if status not in _CREATABLE:
            change_set = cloudformation.parameter(params, "ChangeSetName")
            reason = f"Stack [{name}] already exists and cannot be created again with the changeSet [{change_set}]."
            return cloudformation.error_answer("ValidationError", reason, 400)
        return handler(params)

    return create_change_set


def _update_error(params: Params) -> Answer | None:
    _, status = _name_and_status(params)
    changing = status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"
    if not changing and status not in _NOT_UPDATABLE:
        return None
    stack = cloudformation.find_stack(cloudformation.parameter(params, "StackName")) or {}
    reason = f"Stack:{stack.get('StackId')} is in {status} state and can not be updated."
    return cloudformation.error_answer("ValidationError", reason, 400)


def _name_and_status(params: Params) -> tuple[str, str]:
    """(name, status) of a request's stack; the status is empty where there is no such stack."""
    name = cloudformation.parameter(params, "StackName")
    stack = cloudformation.find_stack(name) or {}
    return str(stack.get("StackName") or name), str(stack.get("StackStatus") or "")
