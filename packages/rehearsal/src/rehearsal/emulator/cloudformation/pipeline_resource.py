"""`AWS::CodePipeline::Pipeline` for MiniStack's CloudFormation, which does not have the type.

Source: AWS CloudFormation user guide, "AWS::CodePipeline::Pipeline".
"""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Sequence
from typing import TypedDict

from rehearsal.emulator.codepipeline.model_constraints import model, violations
from rehearsal.emulator.iam.service_sessions import Sessions
from rehearsal.emulator.ministack.emulator_changes import EmulatorChanges
from rehearsal.emulator.ministack.port import cloudformation
from rehearsal.emulator.ministack.port.cloudformation import ProvisionedResource
from rehearsal.emulator.ministack.port.requests import get_account_id, get_region
from rehearsal.engine.engine import Engine
from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.cloudformation import to_api
from rehearsal.engine.model.definition import Declaration, PipelineKey
from rehearsal.engine.model.validation import validate_definition


class DisabledTransition(TypedDict):
    StageName: str
    Reason: str


class Properties(TypedDict, total=False):
    """The properties of a pipeline that are read here; engine/model/cloudformation.py reads the others."""

    DisableInboundStageTransitions: Sequence[DisabledTransition]
    Name: str
    RestartExecutionOnUpdate: bool | str


TYPE = "AWS::CodePipeline::Pipeline"


class PipelineResource:
    """The handlers that MiniStack's CloudFormation calls to create, update and delete pipelines."""

    def __init__(self, engine: Engine, changes: EmulatorChanges) -> None:
        self._engine, self._changes = engine, changes
        self._created: queue.SimpleQueue[tuple[PipelineKey, str]] = queue.SimpleQueue()

    def register(self) -> None:
        handlers = cloudformation.resource_handlers(self.create, self.update, self.delete, update_with_logical_id=True)
        cloudformation.register_resource_type(TYPE, handlers)
        self._changes.operation_ended = self.start_created

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> ProvisionedResource:
        name = properties.get("Name") or cloudformation.physical_name(stack_name, logical_id, length=100)
        key = _key(name)
        if key in self._engine.pipelines:
            raise ValueError(f"{key.arn} already exists")
        declaration = to_api(name, properties)
        _check(declaration, key.region)
        self._engine.create(key, declaration)
        self._transitions(key, properties)
        self._created.put((key, _creator(stack_name, key)))
        return name, {"Version": "1"}

    def start_created(self) -> None:
        """Start the pipelines that stacks have created; called when an operation on a stack has ended.

        CodePipeline starts a new pipeline immediately, and its source action takes longer than the rest of the stack.
        Here the source action would be faster, and a build could run before its role has its policy.
        Source: AWS CodePipeline user guide, "Create a pipeline, stages, and actions".
        """
        while not self._created.empty():
            key, creator = self._created.get()
            with contextlib.suppress(RequestRejected):  # the stack was rolled back, which has deleted the pipeline
                self._engine.start(key, trigger={"triggerType": "CreatePipeline", "triggerDetail": creator})

    def update(
        self, name: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> ProvisionedResource:
        if new.get("Name", name) != name:
            return self.create(logical_id, new, stack_name)
        key, declaration = _key(name), to_api(name, new)
        _check(declaration, key.region)
        if declaration != to_api(name, old):
            restart = str(new.get("RestartExecutionOnUpdate", False)).lower() == "true"
            self._engine.update(key, declaration, restart=restart)
        self._transitions(key, new, old)
        return name, {"Version": str(self._engine.pipelines[key].version)}

    def delete(self, name: str, properties: Properties) -> None:
        self._engine.delete(_key(name))

    def _transitions(self, key: PipelineKey, new: Properties, old: Properties | None = None) -> None:
        """Disable the transitions that the template names; enable those that it does not name any more."""
        before, now = (_disabled(properties or {}) for properties in (old, new))
        for stage in before.keys() - now.keys():
            self._engine.enable_transition(key, stage)
        for stage, reason in now.items():
            self._engine.disable_transition(key, stage, reason, "AWS CloudFormation")


def _check(declaration: Declaration, region: str) -> None:
    """Raise ValueError, RequestRejected or InvalidDefinition for a declaration that CodePipeline would reject."""
    if messages := list(violations(model().shape_for("PipelineDeclaration"), declaration, "")):
        raise ValueError("; ".join(messages))
    validate_definition(declaration, region)
    Sessions().check_action_roles(declaration, region)


def _creator(stack_name: str, key: PipelineKey) -> str:
    """Return the ARN of the caller of CreatePipeline: the stack's role, or the account's root."""
    return str(cloudformation.stack_record(stack_name).get("RoleARN") or f"arn:aws:iam::{key.account}:root")


def _disabled(properties: Properties) -> dict[str, str]:
    return {
        transition["StageName"]: transition["Reason"]
        for transition in properties.get("DisableInboundStageTransitions", [])
    }


def _key(name: str) -> PipelineKey:
    return PipelineKey(get_account_id(), get_region(), name)
