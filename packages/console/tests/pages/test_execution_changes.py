"""Changes of an execution: retry, stop and rollback."""

from __future__ import annotations

import pytest

from tests.conftest import Console
from tests.fake_aws import FakeAws, Refused
from tests.pipelines import NAME, Pipeline, green, red, waiting


def test_a_red_execution_can_be_retried(aws: FakeAws, console: Console) -> None:
    """A failed stage can be retried with its failed actions or with all actions."""
    execution = red()
    Pipeline(execution).serve(aws)
    path = f"/executions/{execution.id}"
    assert "Retry failed actions of Build" in console.get(path).text
    assert console.post(f"{path}/retry", stage="Build", mode="ALL_ACTIONS").status == 303
    (call,) = aws.called("codepipeline:RetryStageExecution")
    given = {"stageName": "Build", "pipelineExecutionId": execution.id, "retryMode": "ALL_ACTIONS"}
    assert call == {"pipelineName": NAME, **given}
    assert console.post(f"{path}/retry", stage="Build", mode="SOME").status == 400


def test_a_running_execution_can_be_stopped(aws: FakeAws, console: Console) -> None:
    """A stop has a reason, and abandons actions only if that was chosen."""
    execution = waiting()
    Pipeline(execution).serve(aws)
    assert "Stop and abandon" in console.get(f"/executions/{execution.id}").text
    console.post(f"/executions/{execution.id}/stop", reason="wrong day", abandon="no")
    console.post(f"/executions/{execution.id}/stop", reason="", abandon="yes")
    first, second = aws.called("codepipeline:StopPipelineExecution")
    assert (first["abandon"], first["reason"], second["abandon"]) == (False, "wrong day", True)
    assert "reason" not in second


def test_a_stage_can_be_rolled_back_to_an_execution_that_succeeded(aws: FakeAws, console: Console) -> None:
    """A rollback is offered for stages that deploy, and the browser is redirected to the new execution."""
    target = green()
    pipeline = Pipeline(green(), target).serve(aws)
    page = console.get(f"/executions/{target.id}").text
    assert "<option>Prod</option>" in page
    assert "<option>Build</option>" not in page
    answer = console.post(f"/executions/{target.id}/rollback", stage="Prod")
    assert answer.headers["location"] == f"/executions/{pipeline.executions[0].id}"
    (call,) = aws.called("codepipeline:RollbackStage")
    assert call["targetPipelineExecutionId"] == target.id


def test_errors_of_aws_are_shown(aws: FakeAws, console: Console) -> None:
    """The page shows AWS's error message."""
    execution = red()
    Pipeline(execution).serve(aws)
    aws.refusals["codepipeline:RetryStageExecution"] = Refused("StageNotRetryableException", "it was superseded")
    answer = console.post(f"/executions/{execution.id}/retry", stage="Build", mode="FAILED_ACTIONS")
    assert "it was superseded" in answer.text


@pytest.mark.gate
@pytest.mark.parametrize(
    ("csrf", "headers"),
    [
        ("", {}),
        ("wrong", {}),
        (None, {"Origin": "https://evil.example"}),
        (None, {"Origin": ""}),
        (None, {"Sec-Fetch-Site": "cross-site"}),
    ],
    ids=str,
)
def test_a_foreign_form_changes_nothing(
    aws: FakeAws, console: Console, csrf: str | None, headers: dict[str, str]
) -> None:
    """A form without the server's token, or from another origin, is rejected even with the cookie."""
    execution = waiting()
    Pipeline(execution).serve(aws)
    token = console.site.keys.csrf if csrf is None else csrf
    assert console.post_as(headers, token, f"/executions/{execution.id}/stop", {}).status == 403
    assert aws.called("codepipeline:StopPipelineExecution") == []
