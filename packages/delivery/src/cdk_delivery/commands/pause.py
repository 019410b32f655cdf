"""A pipeline that is held: nothing new begins, and nothing of what runs goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import click
from botocore.exceptions import ClientError

from cdk_delivery.errors import PipelineError

REASON = "being destroyed"
_SECONDS, _EVERY = 600, 2
_RUNNING = ("InProgress", "Stopping")
# Executions that have ended by then, or that are being stopped.
_ALREADY_STOPPED = ("PipelineExecutionNotStoppableException", "DuplicatedStopRequestException")


def pause_pipeline(api: Any, pipeline: str) -> None:
    """Let no push in, and abandon what is on its way: both would deploy again what is being deleted.

    A pipeline that is gone is held well enough. Raises PipelineError where an execution does not stop.
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


def running_executions(api: Any, pipeline: str) -> Iterator[str]:
    """The executions that have not come to their end."""
    for page in api.get_paginator("list_pipeline_executions").paginate(pipelineName=pipeline):
        for each in page["pipelineExecutionSummaries"]:
            if each["status"] in _RUNNING:
                yield each["pipelineExecutionId"]


def _stop_execution(api: Any, pipeline: str, execution: str) -> None:
    """Without it, an approval would be waited for, for as long as a week."""
    try:
        api.stop_pipeline_execution(pipelineName=pipeline, pipelineExecutionId=execution, abandon=True, reason=REASON)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _ALREADY_STOPPED:
            raise
    click.echo(f"{pipeline}: execution {execution} is stopped")


def _wait(api: Any, pipeline: str) -> None:
    deadline = time.monotonic() + _SECONDS
    while left := list(running_executions(api, pipeline)):
        if time.monotonic() > deadline:
            raise PipelineError(f"{pipeline}: {', '.join(left)} did not stop within {_SECONDS} s; nothing is deleted")
        time.sleep(_EVERY)
