"""One call of the CodePipeline API: what it is about, and how it is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rehearsal.engine.engine import Engine
from rehearsal.engine.model.definition import PipelineKey
from rehearsal.engine.state.execution import Execution
from rehearsal.engine.state.invoke_jobs import Jobs
from rehearsal.engine.state.pipeline import DeployedPipeline

Json = dict[str, Any]

PAGE = 100


class ApiError(Exception):
    """An error of the API's own, by the name that AWS gives it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Call:
    """`request` is the operation's input, checked against AWS's model of the service."""

    engine: Engine
    jobs: Jobs
    request: Json
    account: str
    region: str

    @property
    def caller(self) -> str:
        return f"arn:aws:iam::{self.account}:root"

    def key(self, name: str) -> PipelineKey:
        return PipelineKey(self.account, self.region, name)

    def deployed(self) -> DeployedPipeline:
        """The pipeline that the request names. Raises ApiError."""
        name = self.request.get("pipelineName") or self.request["name"]
        try:
            return self.engine.pipelines[self.key(name)]
        except KeyError:
            message = f"Account '{self.account}' does not have a pipeline with name '{name}'"
            raise ApiError("PipelineNotFoundException", message) from None

    def execution(self, member: str = "pipelineExecutionId", code: str = "") -> Execution:
        """The execution that the request names; `code`: of the error, where the operation has a separate one."""
        key, id_ = self.deployed().key, self.request[member]
        execution = self.engine.executions.get(id_)
        if execution is None or execution.key != key:
            raise ApiError(code or "PipelineExecutionNotFoundException", f"{key.name} has no execution {id_}")
        return execution

    def stage(self) -> str:
        """The stage that the request names. Raises ApiError."""
        names = [stage.name for stage in self.deployed().pipeline.stages]
        if self.request["stageName"] not in names:
            raise ApiError(
                "StageNotFoundException", f"no stage {self.request['stageName']}; there are {', '.join(names)}"
            )
        return str(self.request["stageName"])

    def transition(self) -> str:
        """The stage that the transition of the request leads into; what leaves a stage enters the next one."""
        names: list[str] = [stage.name for stage in self.deployed().pipeline.stages]
        name = self.stage()
        position: int = names.index(name) + (self.request["transitionType"] == "Outbound")
        if position == 0 or position == len(names):
            raise ApiError("ValidationException", f"{name} has no {self.request['transitionType']} transition")
        return names[position]

    def page(self, items: Sequence[Json], member: str) -> Json:
        """As many of `items` as the request takes, and the token of the rest."""
        given, size = self.request.get("nextToken"), self.request.get("maxResults") or PAGE
        if given and not (given.isdecimal() and int(given) < len(items)):
            raise ApiError("InvalidNextTokenException", f"nextToken {given} is none that was given")
        begin = int(given or 0)
        answer: Json = {member: list(items[begin : begin + size])}
        if begin + size < len(items):
            answer["nextToken"] = str(begin + size)
        return answer
