"""Invoke/Lambda: invoke a function with a job, and wait for the job's result.

Source: AWS CodePipeline user guide, "AWS Lambda invoke action reference" and "Invoke a Lambda function in a pipeline".
"""

from __future__ import annotations

import json
import threading
import time

from botocore.exceptions import BotoCoreError, ClientError

from rehearsal.actions.artifacts import locate_artifact, new_location
from rehearsal.codebuild.build_log import NOTE
from rehearsal.engine.action_api import ActionError, Artifact, Outcome, Task
from rehearsal.engine.endpoint import Credentials
from rehearsal.engine.state.invoke_jobs import Job, JobResult, Jobs
from rehearsal.json_values import JsonObject
from rehearsal.project.git_repository import SNAPSHOT_MESSAGE
from rehearsal.shortened_text import shorten

# A function that sends no result in this time has failed. Source: "Quotas in AWS CodePipeline".
REPLY_SECONDS = 20 * 60.0
# The pause before a function is invoked again with its continuation token.
AGAIN_SECONDS = 1.0

_COMMIT_MESSAGE = (
    "UserParameters holds the commit's message as it is: one with quotes or line breaks breaks a JSON text, and this"
    " run's commit of the working tree has none"
)


class InvokeFunction:
    """Invokes a function, which reports the result by PutJobSuccessResult or PutJobFailureResult.

    The function's return value is ignored, as on AWS.
    """

    def __init__(self, jobs: Jobs, reply_seconds: float = REPLY_SECONDS) -> None:
        self._jobs, self._reply_seconds = jobs, reply_seconds

    def run(self, task: Task) -> Outcome:
        job = self._jobs.open()
        try:
            return self._run(task, job)
        finally:
            self._jobs.close(job)

    def _run(self, task: Task, job: Job) -> Outcome:
        credentials = task.credentials()
        outputs = {name: new_location(task, name) for name in task.action.outputs}
        if SNAPSHOT_MESSAGE in task.action.configuration.get("UserParameters", ""):
            _log(task, f"{NOTE}{_COMMIT_MESSAGE}")
        token: str | None = None
        while True:
            call = _Call(task, job, _event(task, job, credentials, outputs, token), credentials)
            result = self._answer(task, job, call)
            if result is None:
                return Outcome(failed=True, summary="the function did not say how the job ended")
            if result.continuation is None or result.failed:
                break
            token = result.continuation
            task.note(f"the function continues: {result.summary}")
            self._jobs.await_next_result(job)
            if task.stop.wait(AGAIN_SECONDS):
                return Outcome(failed=True, summary="stopped while the function's job went on")
        summary = result.summary or ("the function failed the job" if result.failed else "the function did the job")
        _log(task, summary)
        artifacts = {} if result.failed else outputs
        return Outcome(
            result.failed, summary, result.variables, artifacts, external_id=result.external_id, code=result.code
        )

    def _answer(self, task: Task, job: Job, call: _Call) -> JobResult | None:
        """Return the job's result; the function may still run. Raises ActionError where the invocation failed."""
        with task.stop.calls(job.changed.set):
            job.changed.wait(self._reply_seconds)
        if call.problem and not job.is_answered:
            raise call.problem
        return job.result


def _log(task: Task, line: str) -> None:
    with task.log.open("a") as log:
        log.write(f"{line}\n")


class _Call:
    """An invocation in a separate thread. problem: why it failed, if the function reported no result before."""

    def __init__(self, task: Task, job: Job, event: JsonObject, credentials: Credentials) -> None:
        self.problem: ActionError | None = None
        threading.Thread(target=self._make, args=(task, job, event, credentials), daemon=True).start()

    def _make(self, task: Task, job: Job, event: JsonObject, credentials: Credentials) -> None:
        try:
            _invoke(task, job, event, credentials)
        except ActionError as error:
            self.problem = error
            job.changed.set()


def _invoke(task: Task, job: Job, event: JsonObject, credentials: Credentials) -> None:
    """Invoke the function. Raises ActionError where that fails, or the function fails before it reports a result."""
    name = task.setting("FunctionName")
    client = task.endpoint.client("lambda", credentials, task.region)
    try:
        answer = client.invoke(FunctionName=name, Payload=json.dumps(event))
    except (ClientError, BotoCoreError) as error:
        raise ActionError(f"{task.where}: cannot invoke {name}: {error}") from error
    if answer.get("FunctionError") and not job.is_answered:
        words = answer["Payload"].read().decode(errors="replace")
        raise ActionError(f"{task.where}: {name} broke: {shorten(words, 500)}", "JobFailed")


def _event(
    task: Task, job: Job, credentials: Credentials, outputs: dict[str, Artifact], token: str | None
) -> JsonObject:
    data: JsonObject = {
        "actionConfiguration": {"configuration": dict(task.action.configuration)},
        "inputArtifacts": [_artifact(name, locate_artifact(task, name)) for name in task.action.inputs],
        "outputArtifacts": [_artifact(name, artifact) for name, artifact in outputs.items()],
        "artifactCredentials": {
            "accessKeyId": credentials.access_key,
            "secretAccessKey": credentials.secret_key,
            "sessionToken": credentials.token,
            "expirationTime": int((time.time() + 3600) * 1000),
        },
    }
    if token is not None:
        data["continuationToken"] = token
    key = task.stores(task.region).key_arn
    if key:
        data["encryptionKey"] = {"id": key, "type": "KMS"}
    return {"CodePipeline.job": {"id": job.id, "accountId": task.pipeline.account, "data": data}}


def _artifact(name: str, artifact: Artifact) -> JsonObject:
    location = {"bucketName": artifact.store.bucket, "objectKey": artifact.key}
    return {"name": name, "revision": None, "location": {"type": "S3", "s3Location": location}}
