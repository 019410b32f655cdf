"""The checks of a new version, and the pace of a release."""

from __future__ import annotations

import io
import json
import urllib.request
from typing import Any

import boto3
import pytest

from cdk_delivery.constructs import traffic_function

HOOK = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "hook-1"}
CHECKS = [{"function": "echo", "event": {"Records": []}}, {"function": "other", "event": 1}]


class Aws:
    """Fakes of CodeDeploy and Lambda.

    live: the version of the alias; payload: the response of each invocation; error: the function fails.
    """

    def __init__(self, *, live: str, payload: Any = None, error: bool = False) -> None:
        self.live, self.payload, self.error = live, payload, error
        self.invoked: list[tuple[str, str]] = []
        self.status = ""

    def client(self, _: str, **__: Any) -> Aws:
        return self

    def get_deployment(self, **_: str) -> dict[str, Any]:
        properties = {"Name": "echo", "Alias": "live", "CurrentVersion": "1", "TargetVersion": "2"}
        content = json.dumps({"Resources": [{"echo": {"Properties": properties}}]})
        return {"deploymentInfo": {"revision": {"appSpecContent": {"content": content}}}}

    def get_alias(self, **_: str) -> dict[str, Any]:
        return {"FunctionVersion": self.live}

    def invoke(self, **asked: str) -> dict[str, Any]:
        self.invoked.append((asked["FunctionName"], asked["Qualifier"]))
        answer = {"Payload": io.BytesIO(json.dumps(self.payload).encode())}
        return {**answer, "FunctionError": "Unhandled"} if self.error else answer

    def put_lifecycle_event_hook_execution_status(self, **request: str) -> None:
        assert (request["deploymentId"], request["lifecycleEventHookExecutionId"]) == ("d-1", "hook-1")
        self.status = request["status"]


def checked(monkeypatch: pytest.MonkeyPatch, aws: Aws) -> Aws:
    traffic_function._client.cache_clear()
    monkeypatch.setattr(boto3, "client", aws.client)
    monkeypatch.setenv("CALLS", "3")
    monkeypatch.setenv("CHECKS", json.dumps(CHECKS))
    traffic_function.handler(HOOK, None)
    return aws


def test_a_version_without_traffic_is_called_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the shift, the version that the deployment names is invoked once."""
    aws = checked(monkeypatch, Aws(live="1"))
    assert (aws.invoked, aws.status) == ([("echo", "2")], "Succeeded")


def test_a_version_with_all_traffic_is_called_by_its_alias(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the shift, the alias is invoked several times, so that alarms have data without other traffic."""
    aws = checked(monkeypatch, Aws(live="2"))
    assert (aws.invoked, aws.status) == ([("echo", "live")] * 3, "Succeeded")


@pytest.mark.parametrize(
    "aws",
    [
        Aws(live="1", payload={"errorMessage": "broken"}, error=True),
        Aws(live="1", payload={"batchItemFailures": [{"itemIdentifier": "1"}]}),
    ],
    ids=["error", "records of a batch"],
)
def test_a_version_that_fails_gets_no_traffic(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], aws: Aws
) -> None:
    """The hook reports Failed, and logs the function's response."""
    assert checked(monkeypatch, aws).status == "Failed"
    assert "d-1: 2 failed: {" in capsys.readouterr().out


def test_an_exception_in_the_check_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An exception in the check is reported as Failed, since a deployment without a status waits for an hour."""
    aws = Aws(live="1")
    monkeypatch.setattr(aws, "get_alias", lambda **_: 1 / 0)
    assert checked(monkeypatch, aws).status == "Failed"
    assert "the check itself failed: ZeroDivisionError" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("released", "before", "pace"),
    [
        ("200", None, "canary"),
        ("200", "100", "canary"),
        ("100", "200", traffic_function.ALL_AT_ONCE),
        ("0", "0", "canary"),
    ],
    ids=["first", "newer", "older", "by hand"],
)
def test_an_older_release_gets_all_traffic_at_once(
    monkeypatch: pytest.MonkeyPatch, released: str, before: str | None, pace: str
) -> None:
    """A release that was built earlier than the deployed one, as in a rollback, gets all traffic in one step."""
    sent: list[urllib.request.Request] = []

    def urlopen(request: urllib.request.Request) -> io.BytesIO:
        sent.append(request)
        return io.BytesIO()

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    ids = {"StackId": "s", "RequestId": "r", "LogicalResourceId": "l", "ResponseURL": "https://answer"}
    event: dict[str, Any] = {**ids, "ResourceProperties": {"Released": released, "Config": "canary"}}
    if before is not None:
        event["OldResourceProperties"] = {"Released": before, "Config": "canary"}
    traffic_function.handler(event, None)
    assert isinstance(sent[0].data, bytes)
    response = json.loads(sent[0].data)
    assert (sent[0].full_url, sent[0].method, response["Status"]) == ("https://answer", "PUT", "SUCCESS")
    assert response["Data"] == {"Config": pace}
