"""The text of a notice, for the events in AWS's user guide."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from cdk_delivery.constructs import notifier_function

# Source: AWS CodePipeline user guide, "Monitoring CodePipeline events".
DETAIL = {"pipeline": "shop-delivery", "execution-id": "0a1b", "state": "SUCCEEDED", "version": 3.0}
FAILED = DETAIL | {"state": "FAILED", "stage": "Build", "action": "Synth"}
PAGE = (
    "Execution: https://eu-west-1.console.aws.amazon.com/codesuite/codepipeline/pipelines/shop-delivery"
    "/executions/0a1b/timeline?region=eu-west-1"
)


class Aws:
    """CodePipeline and SNS, as far as the function calls them. asked: its requests. told: the published messages."""

    def __init__(self, *revisions: dict[str, str]) -> None:
        self.revisions, self.asked, self.told = revisions, dict[str, str](), dict[str, str]()

    def client(self, _: str) -> Aws:
        return self

    def get_pipeline_execution(self, **asked: str) -> dict[str, Any]:
        self.asked = asked
        return {"pipelineExecution": {"artifactRevisions": list(self.revisions)}}

    def publish(self, **told: str) -> None:
        self.told = told


def notice(monkeypatch: pytest.MonkeyPatch, detail: dict[str, Any], *revisions: dict[str, str]) -> Aws:
    """Return the notice of an event."""
    aws = Aws(*revisions)
    monkeypatch.setattr(boto3, "client", aws.client)
    monkeypatch.setenv("TOPIC", "arn:of:the:topic")
    notifier_function.handler({"time": "2026-01-02T03:04:05Z", "region": "eu-west-1", "detail": detail}, None)
    return aws


def test_a_success_tells_revision_and_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The notice has the first line of the commit's message, which a connection wraps in JSON."""
    summary = json.dumps({"ProviderType": "GitHub", "CommitMessage": "Sell twice\n\nBecause."})
    revision = {"revisionId": "0123abc", "revisionSummary": summary, "revisionUrl": "https://example.com/0123abc"}
    aws = notice(monkeypatch, DETAIL, revision)
    assert aws.asked == {"pipelineName": "shop-delivery", "pipelineExecutionId": "0a1b"}
    assert (aws.told["TopicArn"], aws.told["Subject"]) == ("arn:of:the:topic", "shop-delivery succeeded")
    assert aws.told["Message"].splitlines() == [
        "shop-delivery succeeded at 2026-01-02T03:04:05Z.",
        "Revision: 0123abc Sell twice https://example.com/0123abc",
        PAGE,
    ]


@pytest.mark.parametrize("summary", ["Sell twice", "[]", "42", '{"a": 1}', "{"])
def test_a_message_of_other_sources_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch, summary: str) -> None:
    """CodeCommit's summary is the message itself, even if it looks like JSON."""
    aws = notice(monkeypatch, DETAIL, {"revisionId": "0123abc", "revisionSummary": summary})
    assert f"Revision: 0123abc {summary}" in aws.told["Message"].splitlines()


def test_a_failure_tells_where_why_and_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """The notice has the stage, the action, and the provider's summary and URL if there are any."""
    result = {
        "external-execution-summary": "Build terminated with state: FAILED",
        "external-execution-url": "https://log",
    }
    aws = notice(monkeypatch, FAILED | {"execution-result": result}, {"revisionId": "0123abc"})
    assert aws.told["Subject"] == "shop-delivery Build/Synth failed"
    assert aws.told["Message"].splitlines()[1:] == [
        "Revision: 0123abc",
        "Result: Build terminated with state: FAILED",
        "Log: https://log",
        PAGE,
    ]


def test_a_failed_stage_tells_what_becomes_of_the_new_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage may fail in its bake time without a failed action; the notice has the command that lists releases."""
    aws = notice(monkeypatch, DETAIL | {"state": "FAILED", "stage": "Prod"})
    assert aws.told["Subject"] == "shop-delivery Prod failed"
    assert "keeps all traffic until `git revert` is pushed" in aws.told["Message"]
    command = "aws codepipeline list-pipeline-executions --pipeline-name shop-delivery --filter"
    assert f"{command} succeededInStage={{stageName=Prod}}" in aws.told["Message"]


def test_a_source_that_fails_has_no_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    """The notice is sent without a revision."""
    assert notice(monkeypatch, FAILED).told["Message"].splitlines()[1:] == [PAGE]


def test_the_subject_is_as_short_as_sns_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A subject has 100 characters at most, as many as one name may have. Source: Amazon SNS API reference, Publish."""
    assert len(notice(monkeypatch, FAILED | {"action": "a" * 100}).told["Subject"]) == 100
