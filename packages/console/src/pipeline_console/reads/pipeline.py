"""Reads and changes of one pipeline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from math import ceil
from typing import TYPE_CHECKING, Any, cast

from pipeline_console.errors import WrongUse
from pipeline_console.reads.client import Aws, Json, pages

if TYPE_CHECKING:
    from types_boto3_codepipeline.type_defs import (
        ActionExecutionDetailTypeDef,
        GetPipelineStateOutputTypeDef,
        PipelineDeclarationOutputTypeDef,
    )

    from pipeline_console.views.answers import ExecutionAnswer

ENDED = frozenset(("Succeeded", "Failed", "Stopped", "Superseded", "Cancelled"))
# How long an answer is shown again: long enough for the parts of one page and for several browsers.
FRESH_SECONDS, DEFINITION_SECONDS, KEPT_SECONDS, ENDED_EXECUTIONS = 0.4, 5.0, 60.0, 200

# The history of a pipeline is read in as many pages, and this often at most.
HISTORY_PAGES, HISTORY_SECONDS = 40, 15.0


class PipelineReads:
    """The API of CodePipeline for the pipeline of this name."""

    def __init__(self, aws: Aws, name: str) -> None:
        self.aws, self.name = aws, name
        self._cache: dict[Hashable, tuple[float, object]] = {}
        self._ended: dict[str, list[ActionExecutionDetailTypeDef]] = {}
        self._lock = threading.Lock()

    def definition(self) -> PipelineDeclarationOutputTypeDef:
        """Return the pipeline that GetPipeline answers with."""

        def read() -> PipelineDeclarationOutputTypeDef:
            declaration: PipelineDeclarationOutputTypeDef = self._call("get_pipeline", name=self.name)["pipeline"]
            return declaration

        return self._cached("definition", DEFINITION_SECONDS, read)

    def state(self) -> GetPipelineStateOutputTypeDef:
        """Return the answer of GetPipelineState."""

        def read() -> GetPipelineStateOutputTypeDef:
            return cast("GetPipelineStateOutputTypeDef", self._call("get_pipeline_state", name=self.name))

        return self._cached("state", FRESH_SECONDS, read)

    def executions(self, most: int = 100) -> list[ExecutionAnswer]:
        """Return summaries of the latest executions, newest first."""

        def read() -> list[ExecutionAnswer]:
            answers = pages(
                self._call, "list_pipeline_executions", limit=ceil(most / 100), pipelineName=self.name, maxResults=100
            )
            return [summary for answer in answers for summary in answer["pipelineExecutionSummaries"]]

        return self._cached(("executions", most), FRESH_SECONDS, read)[:most]

    def execution(self, id_: str) -> ExecutionAnswer:
        """Return the answer of GetPipelineExecution."""
        answer = self._call("get_pipeline_execution", pipelineName=self.name, pipelineExecutionId=id_)
        execution: ExecutionAnswer = answer["pipelineExecution"]
        return execution

    def actions(self, id_: str, *, ended: bool = False) -> list[ActionExecutionDetailTypeDef]:
        """Return every attempt of the execution's actions; those of an execution that has ended are kept."""
        if ended and id_ in self._ended:
            return self._ended[id_]

        def read() -> list[ActionExecutionDetailTypeDef]:
            only = {"pipelineExecutionId": id_}
            answers = pages(
                self._call, "list_action_executions", pipelineName=self.name, filter=only, maxResults=100, limit=30
            )
            return [detail for answer in answers for detail in answer["actionExecutionDetails"]]

        attempts = self._cached(("actions", id_), FRESH_SECONDS, read)
        if ended and len(self._ended) < ENDED_EXECUTIONS:
            self._ended[id_] = attempts
        return attempts

    def all_actions(self) -> list[ActionExecutionDetailTypeDef]:
        """Return attempts of actions of the latest executions, newest first."""

        def read() -> list[ActionExecutionDetailTypeDef]:
            answers = pages(
                self._call, "list_action_executions", pipelineName=self.name, maxResults=100, limit=HISTORY_PAGES
            )
            return [detail for answer in answers for detail in answer["actionExecutionDetails"]]

        return self._cached("all actions", HISTORY_SECONDS, read)

    def retry(self, stage: str, id_: str, mode: str) -> None:
        """Call RetryStageExecution; mode: FAILED_ACTIONS or ALL_ACTIONS."""
        self._change(
            "retry_stage_execution", pipelineName=self.name, stageName=stage, pipelineExecutionId=id_, retryMode=mode
        )

    def stop(self, id_: str, reason: str, *, abandon: bool) -> None:
        """Call StopPipelineExecution."""
        parameters = {"pipelineName": self.name, "pipelineExecutionId": id_, "abandon": abandon}
        self._change("stop_pipeline_execution", **parameters, **({"reason": reason} if reason else {}))

    def rollback(self, stage: str, target: str) -> str:
        """Call RollbackStage; return the id of the new execution."""
        answer = self._change(
            "rollback_stage", pipelineName=self.name, stageName=stage, targetPipelineExecutionId=target
        )
        return str(answer["pipelineExecutionId"])

    def answer_approval(self, stage: str, action: str, token: str, status: str, summary: str) -> None:
        """Call PutApprovalResult; status: Approved or Rejected."""
        self._change(
            "put_approval_result",
            pipelineName=self.name,
            stageName=stage,
            actionName=action,
            token=token,
            result={"status": status, "summary": summary},
        )

    def _change(self, operation: str, **parameters: Any) -> Json:
        answer = self._call(operation, **parameters)
        with self._lock:
            self._cache.clear()
        self._ended.clear()  # a retry continues an execution that had ended
        return answer

    def _call(self, operation: str, **parameters: Any) -> Json:
        return self.aws.call("codepipeline", operation, **parameters)

    def _cached[T](self, key: Hashable, seconds: float, read: Callable[[], T]) -> T:
        with self._lock:
            read_at, cached = self._cache.get(key, (float("-inf"), None))
        if time.monotonic() - read_at < seconds:
            return cast("T", cached)
        answer = read()
        with self._lock:
            self._cache = {k: value for k, value in self._cache.items() if time.monotonic() - value[0] < KEPT_SECONDS}
            self._cache[key] = (time.monotonic(), answer)
        return answer


def choose(aws: Aws, name: str | None) -> PipelineReads:
    """Return the reads of the named pipeline, or of the only one. Raises WrongUse, and ReadFailed."""
    if name:
        return PipelineReads(aws, name)
    answers = pages(aws.call, "codepipeline", "list_pipelines")
    known = sorted(pipeline["name"] for answer in answers for pipeline in answer["pipelines"])
    if len(known) == 1:
        return PipelineReads(aws, known[0])
    names = ", ".join(known) or "none"
    raise WrongUse(f"{len(known)} pipelines are in {aws.region}: {names}; choose one by --pipeline NAME")
