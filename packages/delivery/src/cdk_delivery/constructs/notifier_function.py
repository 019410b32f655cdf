"""The function behind a notice: what an event of CodePipeline says, and the revision, which no such event holds.

The template holds this file as it is, so it imports what the runtime brings alone, and keeps within 4,096 characters.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import boto3


def handler(event: Mapping[str, Any], _: object) -> None:
    """Tell the topic in words. An error is raised: Lambda tries twice more, then the topic gets the event as it came.

    Sources: AWS CodePipeline user guide, "Monitoring CodePipeline events"; API reference, GetPipelineExecution.
    """
    detail = event["detail"]
    subject = " ".join([detail["pipeline"], *_where(detail), detail["state"].lower()])
    told = [*_revisions(detail), *_result(detail), *_rollback(detail)]
    lines = [f"{subject} at {event['time']}.", *told, f"Execution: {_page(event)}"]
    message = "\n".join(lines)
    boto3.client("sns").publish(TopicArn=os.environ["TOPIC"], Subject=subject[:100], Message=message)


def _where(detail: Mapping[str, Any]) -> Iterator[str]:
    if "action" in detail:
        yield f"{detail['stage']}/{detail['action']}"
    elif "stage" in detail:
        yield detail["stage"]


def _revisions(detail: Mapping[str, Any]) -> Iterator[str]:
    """A line for each source; none before the source stage is through."""
    asked = {"pipelineName": detail["pipeline"], "pipelineExecutionId": detail["execution-id"]}
    found = boto3.client("codepipeline").get_pipeline_execution(**asked)["pipelineExecution"]
    for each in found.get("artifactRevisions", []):
        told = [each["revisionId"], _first_line(each.get("revisionSummary", "")), each.get("revisionUrl", "")]
        yield f"Revision: {' '.join(filter(None, told))}"


def _first_line(summary: str) -> str:
    """Of the commit's message, which a connection wraps into JSON."""
    with suppress(ValueError, KeyError, TypeError):
        summary = json.loads(summary)["CommitMessage"]
    return str(summary).partition("\n")[0]


def _result(detail: Mapping[str, Any]) -> Iterator[str]:
    """Why the action failed and where its log is, as far as its provider says."""
    result = detail.get("execution-result", {})
    for name, key in (("Result", "external-execution-summary"), ("Log", "external-execution-url")):
        if result.get(key):
            yield f"{name}: {result[key]}"


def _rollback(detail: Mapping[str, Any]) -> Iterator[str]:
    """What becomes of the new version where a stage fails, which may be in its bake time, when no action fails."""
    if "stage" in detail and "action" not in detail:
        name, stage = detail["pipeline"], detail["stage"]
        yield "The last good release comes back, unless the pipeline has none to roll back to: then the new version"
        yield "keeps all traffic until `git revert` is pushed. Which it was:"
        command = f"aws codepipeline list-pipeline-executions --pipeline-name {name} --filter"
        yield f"{command} succeededInStage={{stageName={stage}}}"


def _page(event: Mapping[str, Any]) -> str:
    """The console's page of the execution."""
    region, detail = event["region"], event["detail"]
    console = f"https://{region}.console.aws.amazon.com/codesuite/codepipeline/pipelines/{detail['pipeline']}"
    return f"{console}/executions/{detail['execution-id']}/timeline?region={region}"
