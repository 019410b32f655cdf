"""MiniStack without corrections, and the CodePipeline API with played actions, checked against AWS's model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.validate import ParamValidator

from rehearsal.actions.approval import AwaitApproval
from rehearsal.emulator.codepipeline.model_constraints import model
from rehearsal.emulator.codepipeline.operations import CodePipelineApi
from rehearsal.emulator.ministack.port.requests import request_scope
from rehearsal.emulator.server.api_error import ApiError
from rehearsal.engine.model.definition import ActionType
from rehearsal.engine.state.invoke_jobs import Jobs
from tests.emulator.iam.principals import ACCOUNT, REGION
from tests.emulator.ministack.snapshot import take_snapshot
from tests.engine.conftest import KEY, Live, Stage, action, declaration

Json = dict[str, Any]

# Source: AWS CodePipeline API reference, "Common Errors".
COMMON = {"ValidationException"}


def source(**more: Any) -> Json:
    kind = {"category": "Source", "owner": "AWS", "provider": "Played", "version": "1"}
    return {**action("source", namespace="Source"), "actionTypeId": kind, "outputArtifacts": [{"name": "Code"}], **more}


def step(name: str, run_order: int = 1, **configuration: str) -> Json:
    kind = {"category": "Test", "owner": "AWS", "provider": "Played", "version": "1"}
    return {**action(name, run_order, **configuration), "actionTypeId": kind}


def approval(name: str = "ask") -> Json:
    kind = {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"}
    return {"name": name, "actionTypeId": kind}


def pipeline(*actions: Json, **more: Any) -> Json:
    """Return a pipeline with a source stage and one stage of these actions."""
    return declaration([source()], list(actions or [step("deploy")]), pipelineType="V2", **more)


def unknown_members(shape: Any, value: Any, path: str = "answer") -> list[str]:
    """Return the members of a response that the model lacks; botocore checks only for missing ones."""
    if shape.type_name == "structure":
        unknown = [f"{path}.{name}" for name in value.keys() - shape.members.keys()]
        known = value.keys() & shape.members.keys()
        return unknown + [
            member for name in known for member in unknown_members(shape.members[name], value[name], f"{path}.{name}")
        ]
    if shape.type_name == "list":
        return [member for item in value for member in unknown_members(shape.member, item, f"{path}[]")]
    if shape.type_name == "string" and shape.enum and value not in shape.enum:
        return [f"{path}: {value} is none of {shape.enum}"]
    return []


class Service:
    """A client that calls the API in this process."""

    def __init__(self, folder: Path) -> None:
        self.jobs = Jobs()
        self.stage = Stage(folder)
        played = self.stage.played
        self.stage.runners |= {
            ActionType("Source", "Played"): played,
            ActionType("Approval", "Manual"): AwaitApproval(),
        }
        self.api = CodePipelineApi(self.stage.engine, self.jobs)
        self.seen: set[str] = set()

    def call(self, operation: str, **request: Any) -> Json:
        """Return the response, which must match the model; raise an ApiError whose code the model knows."""
        shape = model().operation_model(operation)
        try:
            answer = self.api.call(operation, request, KEY.account, KEY.region)
        except ApiError as error:
            known = {error_shape.name for error_shape in shape.error_shapes} | COMMON
            if error.code not in known:
                pytest.fail(f"{operation} has no error {error.code}; it has {sorted(known)}")
            raise
        if shape.output_shape is not None:
            report = ParamValidator().validate(answer, shape.output_shape)
            assert report.generate_report() == ""
            assert unknown_members(shape.output_shape, answer) == []
        self.seen.add(operation)
        return answer

    def refused(self, operation: str, **request: Any) -> str:
        """Return the error code of the call."""
        with pytest.raises(ApiError) as error:
            self.call(operation, **request)
        return error.value.code

    def create(self, declaration: Json) -> Live:
        """Create a pipeline, wait for its first execution, and return it."""
        self.call("CreatePipeline", pipeline=declaration)
        self.stage.wait()
        return self.latest

    def start(self, **more: Any) -> Live:
        id_ = self.call("StartPipelineExecution", name=KEY.name, **more)["pipelineExecutionId"]
        return Live(self.stage, id_)

    @property
    def latest(self) -> Live:
        return self.stage.all[-1]

    def stage_state(self, name: str = "Two") -> Json:
        states = self.call("GetPipelineState", name=KEY.name)["stageStates"]
        return next(state for state in states if state["stageName"] == name)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    yield service
    service.stage.engine.close()


@pytest.fixture
def as_it_comes() -> Iterator[None]:
    """MiniStack without any correction, in one account and region; the test's changes are undone at its end."""
    restore = take_snapshot()
    with request_scope(ACCOUNT, REGION):
        yield
    restore()
