"""A build's log: masked secrets, the log stream, and denied access to it."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from rehearsal.aws import Endpoint, root
from rehearsal.codebuild.build_log import BuildLog
from rehearsal.codebuild.log_stream import LogStream
from tests.codebuild.case import spec
from tests.codebuild.conftest import ACCOUNT, REGION, Account


def test_secrets_are_masked_in_the_file_and_for_followers(tmp_path: Path) -> None:
    """Secrets within secrets, each line of a multi-line secret, and undeclared access keys are masked."""
    seen: list[str] = []
    log = BuildLog(tmp_path / "log.txt", seen.append)
    log.line("hunter2 before")
    log.hide(["hunter", "hunter2", "BEGIN\n  body  \nEND", ""])
    for text in ("hunter2!", "a hunter", "the body", "BEGIN", "id ASIA1234567890ABCDEF", "ASIAshort"):
        log.line(text)
    log.close()
    assert seen == ["hunter2 before", "***!", "a ***", "the ***", "***", "id ***", "ASIAshort"]
    assert (tmp_path / "log.txt").read_text().splitlines() == seen


def test_a_failing_log_stream_does_not_affect_the_file(tmp_path: Path) -> None:
    """If CloudWatch Logs does not answer, the log file is complete and reports the failure."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = Endpoint(f"http://127.0.0.1:{closed.getsockname()[1]}")
        client = endpoint.client("logs", root("111111111111"), "eu-west-1")
        log = BuildLog(tmp_path / "log.txt", list[str]().append, stream=LogStream(client, "group", "stream"))
        log.line("still here")
        log.close()
    first, last = (tmp_path / "log.txt").read_text().splitlines()
    assert first == "still here"
    assert "rehearsal: the log in CloudWatch Logs is not whole: group: " in last


class Created(LogStream):
    """A log stream that exists."""

    def _make(self) -> None:
        pass


def test_a_request_has_the_lines_of_a_fifth_of_a_second() -> None:
    """Every line reaches CloudWatch Logs, in order, and lines that follow each other quickly share a request."""
    client = Mock()
    stream = Created(client, "group", "stream")
    for number in range(50):
        stream.put(f"line {number}")
        time.sleep(0.001)
    assert stream.close() == ""
    requests = [[event["message"] for event in call.kwargs["logEvents"]] for call in client.put_log_events.mock_calls]
    assert [line for request in requests for line in request] == [f"line {number}" for number in range(50)]
    assert len(requests) < 10


class Denied(LogStream):
    """The log stream of a build whose role is not allowed to create it."""

    def _make(self) -> None:
        message = "not authorized to perform: logs:CreateLogStream"
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": message}}, "CreateLogStream")


def test_a_role_that_may_not_create_the_log_stream_fails_the_build(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The build fails before its first command; the summary has CodeBuild's message and the denial."""
    name = account.project(spec("echo RAN"))
    monkeypatch.setattr("rehearsal.actions.action_builds.LogStream", Denied)
    task = account.task({"ProjectName": name}, {"In": account.source("In", a="a")})
    outcome = account.runner().run(task)
    assert outcome.failed
    assert (
        "ACCESS_DENIED: Service role does not allow AWS CodeBuild to create Amazon CloudWatch Logs" in outcome.summary
    )
    assert f"arn:aws:codebuild:{REGION}:{ACCOUNT}:build/{name}:" in outcome.summary
    assert "not authorized to perform: logs:CreateLogStream" in outcome.summary
    assert "RAN" not in task.log.read_text()


def test_a_log_without_a_stream_is_never_denied(tmp_path: Path) -> None:
    """A project whose log is disabled needs no permission for log streams."""
    log = BuildLog(tmp_path / "log.txt", lambda _: None)
    assert log.denial() == ""
    log.close()
