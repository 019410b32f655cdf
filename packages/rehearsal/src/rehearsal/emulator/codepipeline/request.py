"""A call of the CodePipeline API: the resources in its request, and pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rehearsal.emulator.api_message import ApiMessage
from rehearsal.emulator.server.api_error import ApiError
from rehearsal.engine.engine import Engine
from rehearsal.engine.model.definition import PipelineKey
from rehearsal.engine.state.execution import Execution
from rehearsal.engine.state.invoke_jobs import Jobs
from rehearsal.engine.state.pipeline import DeployedPipeline

PAGE = 100


@dataclass(frozen=True)
class Call:
    """One call. request: the operation's input, validated by AWS's model of the service."""

    engine: Engine
    jobs: Jobs
    request: ApiMessage
    account: str
    region: str

    @property
    def caller(self) -> str:
        return f"arn:aws:iam::{self.account}:root"

    def key(self, name: str) -> PipelineKey:
        return PipelineKey(self.account, self.region, name)

    def deployed(self) -> DeployedPipeline:
        """Return the pipeline that the request names. Raises ApiError."""
        name = self.request.get("pipelineName") or self.request["name"]
        try:
            return self.engine.pipelines[self.key(name)]
        except KeyError:
            message = f"Account '{self.account}' does not have a pipeline with name '{name}'"
            raise ApiError("PipelineNotFoundException", message) from None

    def execution(self, member: str = "pipelineExecutionId", code: str = "") -> Execution:
        """Return the execution that the request names. code: the operation's error code, if it has one.

        Raises ApiError.
        """
        deployed, id_ = self.deployed(), self.request[member]
        execution = self.engine.executions.get(id_)
        if execution is None or execution.pipeline_id != deployed.id:
            raise ApiError(code or "PipelineExecutionNotFoundException", f"{deployed.key.name} has no execution {id_}")
        return execution

    def stage(self) -> str:
        """Return the stage that the request names. Raises ApiError."""
        names = [stage.name for stage in self.deployed().pipeline.stages]
        if self.request["stageName"] not in names:
            raise ApiError(
                "StageNotFoundException", f"no stage {self.request['stageName']}; there are {', '.join(names)}"
            )
        return str(self.request["stageName"])

    def transition(self) -> str:
        """Return the stage that the request's transition leads into. Raises ApiError.

        The outbound transition of a stage is the inbound one of the next stage.
        """
        names: list[str] = [stage.name for stage in self.deployed().pipeline.stages]
        name = self.stage()
        position: int = names.index(name) + (self.request["transitionType"] == "Outbound")
        if position == 0 or position == len(names):
            raise ApiError("ValidationException", f"{name} has no {self.request['transitionType']} transition")
        return names[position]

    def page(self, items: Sequence[ApiMessage], member: str) -> ApiMessage:
        """Return a page of `items` under the key `member`, with nextToken where more follow. Raises ApiError."""
        token, size = self.request.get("nextToken"), self.request.get("maxResults") or PAGE
        if token and not (token.isdecimal() and int(token) < len(items)):
            raise ApiError("InvalidNextTokenException", f"nextToken {token} was never returned")
        begin = int(token or 0)
        answer: ApiMessage = {member: list(items[begin : begin + size])}
        if begin + size < len(items):
            answer["nextToken"] = str(begin + size)
        return answer
