"""Invoke/CodePipeline: start another pipeline, with variables and source revisions.

Source: AWS CodePipeline user guide, "AWS CodePipeline invoke action reference".
"""

from __future__ import annotations

import json

from botocore.exceptions import BotoCoreError, ClientError

from rehearsal.engine.action_api import ActionError, Outcome, Task


class StartPipeline:
    """Starts the other pipeline, and ends without waiting for it; the execution's id is an output variable."""

    def run(self, task: Task) -> Outcome:
        name = task.setting("PipelineName")
        arn = f"arn:aws:codepipeline:{task.region}:{task.pipeline.account}:{name}"
        task.require("codepipeline:StartPipelineExecution", resource=arn)
        client = task.endpoint.client("codepipeline", task.credentials(), task.region)
        parameters = {
            member: _parsed(task, setting)
            for member, setting in (("variables", "Variables"), ("sourceRevisions", "SourceRevisions"))
            if task.action.configuration.get(setting)
        }
        try:
            started = client.start_pipeline_execution(name=name, **parameters)["pipelineExecutionId"]
        except (ClientError, BotoCoreError) as error:
            raise ActionError(f"{task.where}: cannot start {name}: {error}") from error
        summary = f"started execution {started} of {name}"
        task.log.write_text(summary + "\n")
        return Outcome(failed=False, summary=summary, variables={"PipelineExecutionId": started}, external_id=started)


def _parsed(task: Task, setting: str) -> object:
    text = task.action.configuration[setting]
    try:
        return json.loads(text)
    except ValueError:
        raise ActionError(f"{task.where}: {setting}: got {text!r}; a JSON list of objects is allowed") from None
