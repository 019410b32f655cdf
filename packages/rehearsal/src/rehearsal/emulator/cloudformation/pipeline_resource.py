"""`AWS::CodePipeline::Pipeline` for MiniStack's CloudFormation, which does not know the type.

Source: AWS CloudFormation user guide, "AWS::CodePipeline::Pipeline".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rehearsal.emulator.codepipeline.model_constraints import model, violations
from rehearsal.emulator.ministack.port import cloudformation
from rehearsal.emulator.ministack.port.cloudformation import ProvisionedResource
from rehearsal.emulator.ministack.port.requests import get_account_id, get_region
from rehearsal.engine.engine import Engine
from rehearsal.engine.model.cloudformation import to_api
from rehearsal.engine.model.definition import PipelineKey
from rehearsal.engine.model.validation import validate_definition

Properties = Mapping[str, Any]

TYPE = "AWS::CodePipeline::Pipeline"


class PipelineResource:
    """Create, update and delete, as MiniStack's CloudFormation calls them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def register(self) -> None:
        handlers = cloudformation.resource_handlers(self.create, self.update, self.delete, update_with_logical_id=True)
        cloudformation.register_resource_type(TYPE, handlers)

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> ProvisionedResource:
        name = properties.get("Name") or cloudformation.physical_name(stack_name, logical_id, length=100)
        key = _key(name)
        if key in self._engine.pipelines:
            raise ValueError(f"{key.arn} already exists")
        declaration = to_api(name, properties)
        _check(declaration, key.region)
        self._engine.create(key, declaration)
        self._transitions(key, properties)
        return name, {"Version": "1"}

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
        """Disable those that the template names; enable those that it names no more."""
        before, now = (_disabled(each or {}) for each in (old, new))
        for stage in before.keys() - now.keys():
            self._engine.enable_transition(key, stage)
        for stage, reason in now.items():
            self._engine.disable_transition(key, stage, reason, "AWS CloudFormation")


def _check(declaration: Mapping[str, Any], region: str) -> None:
    """Raise ValueError, RequestRejected or InvalidDefinition for what CodePipeline would not take."""
    if found := list(violations(model().shape_for("PipelineDeclaration"), declaration, "")):
        raise ValueError("; ".join(found))
    validate_definition(declaration, region)


def _disabled(properties: Properties) -> dict[str, str]:
    return {each["StageName"]: each["Reason"] for each in properties.get("DisableInboundStageTransitions", [])}


def _key(name: str) -> PipelineKey:
    return PipelineKey(get_account_id(), get_region(), name)
