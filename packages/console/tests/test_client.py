"""Calls of AWS: throttling, denials, other accounts, and an unreachable AWS."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any

import pytest

from pipeline_console.errors import ReadFailed
from pipeline_console.reads.client import Aws
from pipeline_console.reads.watch import REHEARSED_SECONDS, THROTTLED_FACTOR
from tests.conftest import Console
from tests.fake_aws import FakeAws, Json, Refused
from tests.pipelines import NAME, Pipeline, green


def problem(aws: Aws, operation: str = "get_pipeline", **given: Any) -> tuple[str, str]:
    """Return kind and action of the problem with which a call fails."""
    with pytest.raises(ReadFailed) as failed:
        aws.call("codepipeline", operation, **(given or {"name": NAME}))
    return failed.value.problem.kind, failed.value.problem.action


def test_a_throttled_call_is_repeated(aws: FakeAws) -> None:
    """A throttled call is repeated until it succeeds."""
    answers = iter([Refused("ThrottlingException", "Rate exceeded"), None])

    def throttles(_: Json) -> Json:
        if refused := next(answers):
            raise refused
        return {"pipelines": []}

    aws.operations["codepipeline:ListPipelines"] = throttles
    client = Aws(None, "eu-west-1")
    assert client.call("codepipeline", "list_pipelines")["pipelines"] == []
    assert len(aws.called("codepipeline:ListPipelines")) == 2


def test_problems_have_a_kind_and_the_action(aws: FakeAws) -> None:
    """A problem has a kind and the called action; a denial has the missing permission."""
    client = Aws(None, "eu-west-1")
    refusals = {
        "ThrottlingException": "throttled",
        "AccessDeniedException": "denied",
        "PipelineNotFoundException": "missing",
        "ValidationException": "rejected",
    }
    for code, kind in refusals.items():
        aws.refusals["codepipeline:GetPipeline"] = Refused(code, "no")
        assert problem(client) == (kind, "codepipeline:GetPipeline")
    aws.refusals["codepipeline:GetPipeline"] = Refused("X", "kim is not authorized to perform: kms:Decrypt on key")
    assert problem(client) == ("denied", "kms:Decrypt")
    aws.stop()
    assert problem(client)[0] == "unreachable"


def test_another_account_needs_its_profile(aws: FakeAws) -> None:
    """Another account needs a profile, and the error names the option; the pipeline's account needs none."""
    aws.operations["codepipeline:ListPipelines"] = lambda _: {"pipelines": []}
    client = Aws(None, "eu-west-1")
    client.call("codepipeline", "list_pipelines", account="111111111111")
    with pytest.raises(ReadFailed, match="--account 222222222222=PROFILE"):
        client.call("codepipeline", "list_pipelines", account="222222222222")


def test_pages_say_that_aws_throttles_and_polls_become_rarer(aws: FakeAws, console: Console) -> None:
    """While AWS throttles, the console polls less often, and reports it to its pages in the event stream."""
    Pipeline(green()).serve(aws)
    console.site.aws.throttled_at = time.monotonic()
    assert console.site.watch.pause == REHEARSED_SECONDS * THROTTLED_FACTOR
    connection = http.client.HTTPConnection("127.0.0.1", console.port, timeout=10)
    connection.request("GET", "/events", headers={"Cookie": f"{console.site.keys.cookie}={console.site.keys.session}"})
    line = connection.getresponse().readline().decode()
    connection.close()
    assert json.loads(line.removeprefix("data: "))["throttled"] is True
