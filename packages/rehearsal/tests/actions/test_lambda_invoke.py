"""Invoke/Lambda in the embedded AWS: an action, and a rule of a condition."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.project.git_repository import SNAPSHOT_MESSAGE
from tests.actions.conftest import CODE, Pipelines, kind, s3
from tests.conftest import Embedded

pytestmark = pytest.mark.slow


def invoke(function: str, **more: Any) -> dict[str, Any]:
    configuration = {"FunctionName": function, "UserParameters": "hello"}
    return {"name": "Invoke", "actionTypeId": kind("Invoke", "Lambda"), "configuration": configuration, **more}


HANDLER = """
import boto3

def handler(event, context):
    job = event["CodePipeline.job"]
    api = boto3.client("codepipeline")
    BODY
"""


def handler(body: str) -> str:
    return HANDLER.replace("BODY", body)


SUCCEEDS = """
    data = job["data"]
    place = data["inputArtifacts"][0]["location"]["s3Location"]
    user = data["actionConfiguration"]["configuration"]["UserParameters"]
    if "continuationToken" not in data:
        return api.put_job_success_result(jobId=job["id"], continuationToken="again")
    variables = {"user": user, "key": place["objectKey"], "token": data["continuationToken"]}
    target = data["outputArtifacts"][0]["location"]["s3Location"]
    boto3.client("s3").put_object(Bucket=target["bucketName"], Key=target["objectKey"], Body=b"made")
    api.put_job_success_result(jobId=job["id"], outputVariables=variables, executionDetails={"summary": "well done"})
"""


def test_a_function_reads_its_job_and_answers_it(pipelines: Pipelines, embedded: Embedded) -> None:
    """CodePipeline invokes the function again for its continuation token, and uses its variables and its artifact."""
    function = pipelines.function(handler(SUCCEEDS))
    ran = pipelines.run(
        pipelines.source({"a": "b"}), invoke(function, **CODE, outputArtifacts=[{"name": "Made"}], namespace="Call")
    )
    assert (ran.status, ran.summary) == ("Succeeded", "")
    key = ran.artifact("Source")["key"]
    assert ran.variables("Invoke") == {"user": "hello", "key": key, "token": "again"}
    made = ran.artifact("Invoke")
    body = embedded.client("s3").get_object(Bucket=made["bucket"], Key=made["key"])["Body"].read()
    assert body == b"made"


ECHOES = """
    user = job["data"]["actionConfiguration"]["configuration"]["UserParameters"]
    api.put_job_success_result(jobId=job["id"], outputVariables={"user": user})
"""


@pytest.mark.parametrize("message", ['Merge "x"', "Merge x\n\nbody", f"{SNAPSHOT_MESSAGE} 0123456"])
def test_a_commit_message_is_not_escaped_in_user_parameters(
    pipelines: Pipelines, embedded: Embedded, message: str
) -> None:
    """UserParameters gets a commit message unescaped, which can break its JSON.

    If the message is the rehearsal's own, which has nothing to escape, the action's log warns about it.
    """
    action = invoke(pipelines.function(handler(ECHOES)))
    first = {**action, "name": "Message", "namespace": "Message"}
    first["configuration"] = {**first["configuration"], "UserParameters": message}
    second = {**action, "runOrder": 2}
    second["configuration"] = {**second["configuration"], "UserParameters": '{"message": "#{Message.user}"}'}
    ran = pipelines.run(pipelines.source({"a": "b"}), first, second)
    assert (ran.status, ran.variables("Invoke")) == ("Succeeded", {"user": f'{{"message": "{message}"}}'})
    log = max(embedded.workspace.executions.glob("*/*/Invoke/1/action.log"), key=lambda path: path.stat().st_mtime)
    noted = "UserParameters holds the commit's message as it is" in log.read_text()
    assert noted == (SNAPSHOT_MESSAGE in message)


FAILS = 'api.put_job_failure_result(jobId=job["id"], failureDetails={"type": "JobFailed", "message": "no luck"})'


@pytest.mark.parametrize(
    ("body", "words"), [(FAILS, "no luck"), ('raise ValueError("broken")', "broken")], ids=["fails", "errors"]
)
def test_a_function_fails_its_action(pipelines: Pipelines, body: str, words: str) -> None:
    """A function fails its action by PutJobFailureResult, or by an exception before it answers."""
    ran = pipelines.run(pipelines.source({"a": "b"}), invoke(pipelines.function(handler(body))))
    assert (ran.status, words in ran.summary) == ("Failed", True)


def test_a_function_decides_on_a_condition(pipelines: Pipelines, embedded: Embedded) -> None:
    """A job that fails in a LambdaInvoke rule skips the stage if the condition's result is SKIP."""
    configuration = {"FunctionName": pipelines.function(handler(FAILS))}
    rule = {"name": "Ask", "ruleTypeId": kind("Rule", "LambdaInvoke"), "configuration": configuration}
    entry = {"conditions": [{"result": "SKIP", "rules": [rule]}]}
    bucket = embedded.bucket()
    ran = pipelines.run(pipelines.source({"a": "b"}), s3(BucketName=bucket, Extract="true"), beforeEntry=entry)
    assert (ran.status, list(ran.actions)) == ("Succeeded", ["Source"])
