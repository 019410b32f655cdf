"""The next command after a failure, for a pipeline on AWS."""

from __future__ import annotations

import shlex

from pipeline_console.cause.model import Cause


def command_for_aws(cause: Cause, pipeline: str, execution: str) -> str:
    """Return the command of a cause; one of the rehearsal is replaced by what does the same on AWS.

    Empty where nothing does: no shell opens in a build of CodeBuild that has ended.
    """
    verb = cause.next_command.split()[:2]
    if verb == ["rehearse", "retry"]:
        options = ("--stage-name", cause.stage, "--retry-mode", "FAILED_ACTIONS", "--pipeline-name", pipeline)
        return shlex.join(
            ("aws", "codepipeline", "retry-stage-execution", *options, "--pipeline-execution-id", execution)
        )
    return "" if verb[:1] == ["rehearse"] else cause.next_command
