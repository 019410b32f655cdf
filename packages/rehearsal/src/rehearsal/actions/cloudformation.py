"""Deploy/CloudFormation: the action modes for stacks.

Source: AWS CodePipeline user guide, "CloudFormation deploy action reference".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict, cast

from botocore.exceptions import ClientError

from rehearsal.actions.artifact_files import json_object, read, texts
from rehearsal.actions.artifacts import publish
from rehearsal.actions.aws_errors import action_error
from rehearsal.actions.stack_parameters import resolved_overrides, with_output_file
from rehearsal.engine.action_api import ActionError, Outcome, Task
from rehearsal.host.changes import Changes
from rehearsal.workspace.acceptances import accept_hint

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.literals import CapabilityType, ChangeSetTypeType
    from types_boto3_cloudformation.type_defs import (
        DeleteStackInputTypeDef,
        DescribeChangeSetOutputTypeDef,
        ParameterTypeDef,
        StackTypeDef,
        TagTypeDef,
    )

# Source: AWS CloudFormation user guide, "CloudFormation quotas": a template passed in a request.
TEMPLATE_BODY_BYTES = 51_200
_FAILED = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED")
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")


class DeployStack:
    """Runs the mode that ActionMode names. changes: notified when an operation on a stack has ended."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def run(self, task: Task) -> Outcome:
        modes: Mapping[str, Callable[[Stack], Outcome]] = {
            "CHANGE_SET_REPLACE": Stack.replace_change_set,
            "CHANGE_SET_EXECUTE": Stack.execute_change_set,
            "CREATE_UPDATE": Stack.create_or_update,
            "DELETE_ONLY": Stack.delete,
            "REPLACE_ON_FAILURE": Stack.replace_on_failure,
        }
        mode = task.setting("ActionMode")
        if mode not in modes:
            raise ActionError(f"{task.where}: ActionMode {mode} is not rehearsed; there are {', '.join(sorted(modes))}")
        try:
            return with_output_file(task, modes[mode](Stack(task, self._changes)))
        except ClientError as error:
            hint = accept_hint(str(error))
            message = f"{task.where}: {error}" + (f"; {hint}" if hint else "")
            raise action_error(message, error) from error


class StackRequest(TypedDict, total=False):
    """The parameters that CreateStack, UpdateStack and CreateChangeSet share."""

    Capabilities: Sequence[CapabilityType]
    Parameters: Sequence[ParameterTypeDef]
    RoleARN: str
    Tags: Sequence[TagTypeDef]
    TemplateBody: str
    TemplateURL: str


class StackPolicy(TypedDict, total=False):
    """The parameter of CreateStack and UpdateStack only."""

    StackPolicyBody: str


class Stack:
    """The stack of an action, and the operations on it with the action's credentials."""

    def __init__(self, task: Task, changes: Changes) -> None:
        self._task, self._changes = task, changes
        self._name = task.setting("StackName")
        self._api: CloudFormationClient = task.endpoint.client("cloudformation", task.credentials(), task.region)

    def replace_change_set(self) -> Outcome:
        """Create the change set, and delete an older one of its name; no changes count as a success."""
        name = self._task.setting("ChangeSetName")
        if self._change_set(name):
            self._api.delete_change_set(StackName=self._name, ChangeSetName=name)
        kind: ChangeSetTypeType = "UPDATE" if self._exists() else "CREATE"
        self._api.create_change_set(StackName=self._name, ChangeSetName=name, ChangeSetType=kind, **self._request())
        for _ in self._changes.moments(self._task.stop):
            change_set = self._change_set(name)
            if change_set is None:
                continue
            status, reason = change_set["Status"], change_set.get("StatusReason", "")
            if status == "CREATE_COMPLETE":
                return self._success(f"{len(change_set.get('Changes', []))} changes to {self._name}")
            if status == "FAILED":
                return self._no_changes() if _says_no_changes(reason) else self._failure(f"{self._name}: {reason}")
        return self._stopped()

    def execute_change_set(self) -> Outcome:
        name = self._task.setting("ChangeSetName")
        change_set = self._change_set(name)
        if change_set is None:
            raise ActionError(f"{self._task.where}: stack {self._name} has no change set {name}")
        if change_set["Status"] == "FAILED" and _says_no_changes(change_set.get("StatusReason", "")):
            return self._no_changes()
        self._api.execute_change_set(StackName=self._name, ChangeSetName=name)
        return self._wait_until_settled()

    def create_or_update(self) -> Outcome:
        operation = self._api.update_stack if self._exists() else self._api.create_stack
        policy = self._template_configuration().get("StackPolicy")
        stack_policy: StackPolicy = {"StackPolicyBody": json.dumps(policy)} if policy else {}
        try:
            operation(StackName=self._name, **self._request(), **stack_policy)
        except ClientError as error:
            if _says_no_changes(str(error)):
                return self._no_changes()
            raise
        return self._wait_until_settled()

    def replace_on_failure(self) -> Outcome:
        """Create or update the stack; delete it first where it has failed."""
        stack = self._describe()
        if stack and stack["StackStatus"] in _FAILED:
            deleted = self.delete()
            if deleted.failed:
                return deleted
        return self.create_or_update()

    def delete(self) -> Outcome:
        if not self._describe():
            return self._success(f"there is no stack {self._name}")
        role = self._task.action.configuration.get("RoleArn")
        request: DeleteStackInputTypeDef = {"StackName": self._name}
        if role:
            request["RoleARN"] = role
        self._api.delete_stack(**request)
        return self._wait_until_settled()

    def _wait_until_settled(self) -> Outcome:
        """Wait until the stack's operation has ended; return the result with its outputs or its first failure."""
        for _ in self._changes.moments(self._task.stop):
            stack = self._describe()
            status = stack["StackStatus"] if stack else "DELETE_COMPLETE"
            if status.endswith("_IN_PROGRESS"):
                continue
            if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"):
                outputs = _outputs(stack)
                return self._success(f"{self._name} {status}", outputs)
            failure = f"{self._name} {status}: {self._first_failure()}"
            hint = accept_hint(failure)
            return self._failure(f"{failure}; {hint}" if hint else failure)
        return self._stopped()

    def _request(self) -> StackRequest:
        """The parameters that CreateStack, UpdateStack and CreateChangeSet share."""
        configuration = self._task.action.configuration
        request = self._template(self._read(self._task.setting("TemplatePath")))
        settings = self._template_configuration()
        overrides = resolved_overrides(self._task, self._read)
        configured = texts(self._task, "TemplateConfiguration.Parameters", settings.get("Parameters", {}))
        parameters = {**configured, **overrides}
        request["Parameters"] = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        tags = texts(self._task, "TemplateConfiguration.Tags", settings.get("Tags", {}))
        request["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
        capabilities = [name for name in configuration.get("Capabilities", "").split(",") if name]
        request["Capabilities"] = cast("list[CapabilityType]", capabilities)
        if "RoleArn" in configuration:
            request["RoleARN"] = configuration["RoleArn"]
        return request

    def _template(self, text: str) -> StackRequest:
        """Pass a small template as text, and a larger one by the URL of an object."""
        if len(text.encode()) <= TEMPLATE_BODY_BYTES:
            return {"TemplateBody": text}
        return {"TemplateURL": publish(self._task, "template.json", text.encode())}

    def _template_configuration(self) -> dict[str, object]:
        path = self._task.action.configuration.get("TemplateConfiguration")
        return json_object(self._task, path, self._read(path)) if path else {}

    def _read(self, path: str) -> str:
        return read(self._task, path)

    def _exists(self) -> bool:
        """Return whether there is a stack to update; a stack in REVIEW_IN_PROGRESS has to be created."""
        stack = self._describe()
        return stack is not None and stack["StackStatus"] not in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE")

    def _describe(self) -> StackTypeDef | None:
        try:
            return self._api.describe_stacks(StackName=self._name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise

    def _change_set(self, name: str) -> DescribeChangeSetOutputTypeDef | None:
        try:
            return self._api.describe_change_set(StackName=self._name, ChangeSetName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] in (
                "ChangeSetNotFound",
                "ChangeSetNotFoundException",
            ) or "does not exist" in str(error):
                return None
            raise

    def _first_failure(self) -> str:
        events = self._api.describe_stack_events(StackName=self._name)["StackEvents"]
        failed = [
            event
            for event in events
            if event["ResourceStatus"].endswith("_FAILED") and event.get("ResourceStatusReason")
        ]
        if not failed:
            return "no resource says why"
        first = failed[-1]
        return f"{first['LogicalResourceId']} ({first.get('ResourceType')}): {first['ResourceStatusReason']}"

    def _no_changes(self) -> Outcome:
        outputs = _outputs(self._describe())
        return self._success(f"{self._name}: no changes", outputs)

    def _stopped(self) -> Outcome:
        return self._failure(f"stopped while {self._name} was in progress")

    def _success(self, summary: str, variables: Mapping[str, str] | None = None) -> Outcome:
        self._say(summary)
        return Outcome(failed=False, summary=summary, variables=variables or {})

    def _failure(self, summary: str) -> Outcome:
        self._say(summary)
        return Outcome(failed=True, summary=summary)

    def _say(self, summary: str) -> None:
        with self._task.log.open("a") as log:
            log.write(summary + "\n")


def _says_no_changes(reason: str) -> bool:
    return any(phrase in reason for phrase in _NO_CHANGES)


def _outputs(stack: StackTypeDef | None) -> dict[str, str]:
    outputs = stack.get("Outputs", []) if stack else []
    return {output["OutputKey"]: output["OutputValue"] for output in outputs}
