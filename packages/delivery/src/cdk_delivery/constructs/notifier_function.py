"""The function that writes notices: an event of CodePipeline, completed by calls of its API.

Events have neither the revision, nor how traffic shifts, nor whether the pipeline can roll back. The template has this
file as it is, so it imports only what the runtime has.
Sources: AWS CodePipeline user guide, "Monitoring CodePipeline events" and "Configuring stage rollback"; API reference,
GetPipelineExecution, ListPipelineExecutions and ListActionExecutions.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

Json = Mapping[str, Any]


def handler(event: Json, _: object) -> None:
    """Publish a notice. An error is raised: Lambda tries twice more, then the topic gets the event as it came."""
    detail = event["detail"]
    subject = " ".join([detail["pipeline"], *_where(detail), detail["state"].lower()])
    request = {"pipelineName": detail["pipeline"], "pipelineExecutionId": detail["execution-id"]}
    execution = _codepipeline().get_pipeline_execution(**request)["pipelineExecution"]
    lines = [*_revisions(execution), *_result(detail), *_rolled_back(execution)]
    lines += [*_traffic(detail, execution), *_failed_stage(detail, execution)]
    message = "\n".join([f"{subject} at {event['time']}.", *lines, f"Execution: {_page(event)}"])
    boto3.client("sns").publish(TopicArn=os.environ["TOPIC"], Subject=subject[:100], Message=message)


def _codepipeline() -> Any:
    return boto3.client("codepipeline")


def _where(detail: Json) -> Iterator[str]:
    if "action" in detail:
        yield f"{detail['stage']}/{detail['action']}"
    elif "stage" in detail:
        yield detail["stage"]


def _revisions(execution: Json) -> Iterator[str]:
    """Yield a line for each source; none before the source stage has succeeded."""
    for revision in execution.get("artifactRevisions", []):
        summary = _first_line(revision.get("revisionSummary", ""))
        yield f"Revision: {' '.join(filter(None, [revision['revisionId'], summary, revision.get('revisionUrl', '')]))}"


def _first_line(summary: str) -> str:
    """Return the first line of the commit's message, which a connection wraps into JSON."""
    with suppress(ValueError, KeyError, TypeError):
        summary = json.loads(summary)["CommitMessage"]
    return str(summary).partition("\n")[0]


def _result(detail: Json) -> Iterator[str]:
    """Yield why the action failed and where its log is, as far as its provider says."""
    result = detail.get("execution-result", {})
    for name, key in (("Result", "external-execution-summary"), ("Log", "external-execution-url")):
        if result.get(key):
            yield f"{name}: {result[key]}"


def _rolled_back(execution: Json) -> Iterator[str]:
    """Yield which release an execution that is a rollback deploys, and which failure started it."""
    if _is_rollback(execution):
        target = execution["rollbackMetadata"]["rollbackTargetPipelineExecutionId"]
        trigger, failed = execution.get("trigger", {}).get("triggerDetail", ""), ""
        with suppress(ValueError, KeyError, TypeError):
            failed = f", because {json.loads(trigger)['FailedPipelineExecutionId']} failed"
        yield f"Rollback: to the release of execution {target}{failed}"


def _is_rollback(execution: Json) -> bool:
    return execution.get("executionType") == "ROLLBACK"


def _traffic(detail: Json, execution: Json) -> Iterator[str]:
    """Yield what the traffic of a deployment does. The weight at this moment is in the environment's account only."""
    plan = json.loads(os.environ["TRAFFIC"]).get("/".join(_where(detail)))
    if plan and _is_rollback(execution):
        plan = "all calls in one step, as of every release that comes back"
    states = {
        "STARTED": f"of each function that changes: {plan}",
        "SUCCEEDED": "this release has all of it",
        "FAILED": "this release has none of it: CloudFormation has taken its update back",
    }
    if plan and detail["state"] in states:
        yield f"Traffic: {states[detail['state']]}"


def _failed_stage(detail: Json, execution: Json) -> Iterator[str]:
    """Yield whether a release has traffic after its stage failed, and what the pipeline rolls back to."""
    if "stage" not in detail or "action" in detail:
        return
    deployed = _deployed(detail)
    has = f"all of it, by {', '.join(deployed)}" if deployed else "none of it: no stack was deployed"
    yield f"Traffic: this release has {has}"
    try:
        target = _rollback_target(detail, execution)
    except _NoTarget as reason:
        yield f"Rollback: impossible, because {reason}"
        for revision in execution.get("artifactRevisions", []) if deployed else ():
            yield f"To go back: git revert {revision['revisionId']} && git push"
    else:
        yield f"Rollback: to the release of execution {target}"


def _deployed(detail: Json) -> list[str]:
    """Return the actions of the stage that have deployed a stack."""
    only = {"pipelineExecutionId": detail["execution-id"]}
    found = _codepipeline().list_action_executions(pipelineName=detail["pipeline"], filter=only)
    return [
        action["actionName"]
        for action in found["actionExecutionDetails"]
        if (action["stageName"], action["status"]) == (detail["stage"], "Succeeded")
        and action["input"].get("configuration", {}).get("ActionMode") == "CHANGE_SET_EXECUTE"
    ]


class _NoTarget(Exception):
    """The pipeline cannot roll back; the message says why."""


def _rollback_target(detail: Json, execution: Json) -> str:
    """Return the id of the execution that the stage is rolled back to, and what is known of it. Raises _NoTarget."""
    if _is_rollback(execution):
        raise _NoTarget("a rollback that fails is not rolled back")
    only = {"succeededInStage": {"stageName": detail["stage"]}}  # with the present definition of the pipeline
    found = _codepipeline().list_pipeline_executions(pipelineName=detail["pipeline"], filter=only)
    executions = found["pipelineExecutionSummaries"]
    good = [past for past in executions if past["pipelineExecutionId"] != detail["execution-id"]]
    targets = [past for past in good if not _is_rollback(past)]
    if not good:
        raise _NoTarget(f"no execution has succeeded in {detail['stage']} with this definition of the pipeline")
    if not targets:
        raise _NoTarget("only rollbacks have succeeded there, and none of them can be a target")
    target, days = targets[0], int(os.environ["ARTIFACT_DAYS"])
    if target["startTime"] < datetime.now(UTC) - timedelta(days=days):
        raise _NoTarget(f"the artifacts of {target['pipelineExecutionId']} expired after {days} days")
    doubt = "" if target is good[0] else ", unless CodePipeline refuses: the last one that succeeded was a rollback"
    return f"{target['pipelineExecutionId']}, which gets all calls in one step{doubt}"


def _page(event: Json) -> str:
    """Return the console's page of the execution."""
    region, detail = event["region"], event["detail"]
    console = f"https://{region}.console.aws.amazon.com/codesuite/codepipeline/pipelines/{detail['pipeline']}"
    return f"{console}/executions/{detail['execution-id']}/timeline?region={region}"
