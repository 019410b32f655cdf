"""Pausing a pipeline: it starts nothing new, and its running executions are stopped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
from botocore.exceptions import ClientError

from cdk_delivery.errors import PipelineError

if TYPE_CHECKING:
    from types_boto3_codepipeline import CodePipelineClient

REASON = "being destroyed"
_TIMEOUT_SECONDS, _POLL_SECONDS = 600, 2
_RUNNING = ("InProgress", "Stopping")
# Error codes of StopPipelineExecution for an execution that has ended, or is being stopped already.
_ALREADY_STOPPED = ("PipelineExecutionNotStoppableException", "DuplicatedStopRequestException")


def pause_pipeline(api: CodePipelineClient, pipeline: str) -> None:
    """Disable the transition to the second stage, and stop and abandon running executions.

    Otherwise an execution could deploy again what is being deleted. Does nothing for a pipeline that does not exist.
    Raises PipelineError if an execution does not stop within 10 minutes.
    """
    try:
        stages = api.get_pipeline(name=pipeline)["pipeline"]["stages"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "PipelineNotFoundException":
            raise
        return
    api.disable_stage_transition(
        pipelineName=pipeline, stageName=stages[1]["name"], transitionType="Inbound", reason=REASON
    )
    for execution in running_executions(api, pipeline):
        _stop_execution(api, pipeline, execution)
    _wait(api, pipeline)


def running_executions(api: CodePipelineClient, pipeline: str) -> Iterator[str]:
    """Yield the ids of the executions that have not ended."""
    for page in api.get_paginator("list_pipeline_executions").paginate(pipelineName=pipeline):
        for summary in page["pipelineExecutionSummaries"]:
            if summary["status"] in _RUNNING:
                yield summary["pipelineExecutionId"]


def _stop_execution(api: CodePipelineClient, pipeline: str, execution: str) -> None:
    """Stop an execution, which could otherwise wait up to 7 days for an approval."""
    try:
        api.stop_pipeline_execution(pipelineName=pipeline, pipelineExecutionId=execution, abandon=True, reason=REASON)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _ALREADY_STOPPED:
            raise
    click.echo(f"{pipeline}: execution {execution} is stopped")


def _wait(api: CodePipelineClient, pipeline: str) -> None:
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while running := list(running_executions(api, pipeline)):
        if time.monotonic() > deadline:
            raise PipelineError(
                f"{pipeline}: {', '.join(running)} did not stop within {_TIMEOUT_SECONDS} s; nothing is deleted"
            )
        time.sleep(_POLL_SECONDS)
