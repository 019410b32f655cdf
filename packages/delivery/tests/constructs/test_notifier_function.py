"""The text of a notice, for the events in AWS's user guide."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
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


TRAFFIC = {"Prod/Shop.Deploy": "10% of its calls for 5 min, then all"}
DEPLOY = DETAIL | {"stage": "Prod", "action": "Shop.Deploy"}
STAGE_FAILED = DETAIL | {"stage": "Prod", "state": "FAILED"}
ROLLBACK: dict[str, Any] = {
    "executionType": "ROLLBACK",
    "rollbackMetadata": {"rollbackTargetPipelineExecutionId": "0old"},
}
ONE_STEP = "Traffic: of each function that changes: all calls in one step, as of every release that comes back"


@dataclass
class Aws:
    """Fakes of CodePipeline and SNS: `asked` has the requests, `published` the last message.

    execution: members of the event's execution; actions: stage and status of deploy actions; past: successful
    executions.
    """

    revisions: tuple[dict[str, str], ...] = ()
    execution: dict[str, Any] = field(default_factory=dict)
    actions: tuple[tuple[str, str], ...] = ()
    past: tuple[dict[str, Any], ...] = ()
    asked: list[dict[str, Any]] = field(default_factory=list)
    published: dict[str, str] = field(default_factory=dict)

    def client(self, _: str) -> Aws:
        return self

    def get_pipeline_execution(self, **asked: str) -> dict[str, Any]:
        self.asked.append(asked)
        return {"pipelineExecution": {"artifactRevisions": list(self.revisions), **self.execution}}

    def list_action_executions(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        execute = {"configuration": {"ActionMode": "CHANGE_SET_EXECUTE"}}
        found = [
            {"stageName": stage, "actionName": "Shop.Deploy", "status": status, "input": execute}
            for stage, status in self.actions
        ]
        other = {"stageName": "Prod", "actionName": "Test", "status": "Succeeded", "input": {}}
        return {"actionExecutionDetails": [*found, other]}

    def list_pipeline_executions(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        return {"pipelineExecutionSummaries": list(self.past)}

    def publish(self, **message: str) -> None:
        self.published = message

    @property
    def lines(self) -> list[str]:
        """Return the lines of the notice between its first and its last one."""
        return self.published["Message"].splitlines()[1:-1]


def notice(monkeypatch: pytest.MonkeyPatch, detail: dict[str, Any], *revisions: dict[str, str], **has: Any) -> Aws:
    """Return the notice of an event."""
    aws = Aws(revisions, **has)
    monkeypatch.setattr(boto3, "client", aws.client)
    environment = {"TOPIC": "arn:of:the:topic", "ARTIFACT_DAYS": "400", "TRAFFIC": json.dumps(TRAFFIC)}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    notifier_function.handler({"time": "2026-01-02T03:04:05Z", "region": "eu-west-1", "detail": detail}, None)
    return aws


def past(id_: str, *, days: int = 1, **members: Any) -> dict[str, Any]:
    """Return an execution that succeeded `days` days ago."""
    return {"pipelineExecutionId": id_, "startTime": datetime.now(UTC) - timedelta(days=days), **members}


def test_a_success_has_revision_and_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The notice has the first line of the commit message, which a connection wraps in JSON."""
    summary = json.dumps({"ProviderType": "GitHub", "CommitMessage": "Sell twice\n\nBecause."})
    revision = {"revisionId": "0123abc", "revisionSummary": summary, "revisionUrl": "https://example.com/0123abc"}
    aws = notice(monkeypatch, DETAIL, revision)
    assert aws.asked == [{"pipelineName": "shop-delivery", "pipelineExecutionId": "0a1b"}]
    assert (aws.published["TopicArn"], aws.published["Subject"]) == ("arn:of:the:topic", "shop-delivery succeeded")
    assert aws.published["Message"].splitlines() == [
        "shop-delivery succeeded at 2026-01-02T03:04:05Z.",
        "Revision: 0123abc Sell twice https://example.com/0123abc",
        PAGE,
    ]


@pytest.mark.parametrize("summary", ["Sell twice", "[]", "42", '{"a": 1}', "{"])
def test_a_message_of_another_source_is_unchanged(monkeypatch: pytest.MonkeyPatch, summary: str) -> None:
    """CodeCommit's summary is the message itself, even if it looks like JSON."""
    aws = notice(monkeypatch, DETAIL, {"revisionId": "0123abc", "revisionSummary": summary})
    assert f"Revision: 0123abc {summary}" in aws.published["Message"].splitlines()


def test_a_failure_has_action_reason_and_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """The notice has the stage, the action, and the provider's summary and URL if there are any."""
    result = {
        "external-execution-summary": "Build terminated with state: FAILED",
        "external-execution-url": "https://log",
    }
    aws = notice(monkeypatch, FAILED | {"execution-result": result}, {"revisionId": "0123abc"})
    assert aws.published["Subject"] == "shop-delivery Build/Synth failed"
    assert aws.published["Message"].splitlines()[1:] == [
        "Revision: 0123abc",
        "Result: Build terminated with state: FAILED",
        "Log: https://log",
        PAGE,
    ]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("STARTED", "Traffic: of each function that changes: 10% of its calls for 5 min, then all"),
        ("SUCCEEDED", "Traffic: this release has all of it"),
        ("FAILED", "Traffic: this release has none of it: CloudFormation has taken its update back"),
    ],
)
def test_a_deployment_reports_its_traffic(monkeypatch: pytest.MonkeyPatch, state: str, said: str) -> None:
    """The notice has the shift's plan at the start, and the release that has the traffic at the end."""
    aws = notice(monkeypatch, DEPLOY | {"state": state})
    assert aws.published["Subject"] == f"shop-delivery Prod/Shop.Deploy {state.lower()}"
    assert aws.lines == [said]


def test_a_rollback_is_reported_as_immediate(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rollback does not shift traffic; its notice names the execution whose failure caused it."""
    trigger = {"triggerType": "AutomatedRollback", "triggerDetail": '{"FailedPipelineExecutionId":"0bad"}'}
    aws = notice(monkeypatch, DEPLOY | {"state": "STARTED"}, execution=ROLLBACK | {"trigger": trigger})
    assert aws.lines == ["Rollback: to the release of execution 0old, because 0bad failed", ONE_STEP]


def test_a_rollback_by_hand_names_its_target(monkeypatch: pytest.MonkeyPatch) -> None:
    """The notice of a manual rollback names its target and no failure."""
    trigger = {"triggerType": "ManualRollback", "triggerDetail": "arn:aws:sts::1:assumed-role/dev/kim"}
    aws = notice(monkeypatch, DETAIL, execution=ROLLBACK | {"trigger": trigger})
    assert aws.lines == ["Rollback: to the release of execution 0old"]


def test_a_failed_stage_names_the_rollback_target(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure in the bake time names the release with all traffic, and the target of the rollback."""
    aws = notice(
        monkeypatch,
        STAGE_FAILED,
        {"revisionId": "0123abc"},
        actions=(("Prod", "Succeeded"), ("Dev", "Succeeded")),
        past=(past("0a1b"), past("0new"), past("0old")),
    )
    assert aws.published["Subject"] == "shop-delivery Prod failed"
    assert aws.asked[1:] == [
        {"pipelineName": "shop-delivery", "filter": {"pipelineExecutionId": "0a1b"}},
        {"pipelineName": "shop-delivery", "filter": {"succeededInStage": {"stageName": "Prod"}}},
    ]
    assert aws.lines == [
        "Revision: 0123abc",
        "Traffic: this release has all of it, by Shop.Deploy",
        "Rollback: to the release of execution 0new, which gets all calls in one step",
    ]


@pytest.mark.parametrize(
    ("has", "why"),
    [
        ({}, "no execution has succeeded in Prod with this definition of the pipeline"),
        ({"past": (past("0a1b"),)}, "no execution has succeeded in Prod with this definition of the pipeline"),
        ({"past": (past("0up", **ROLLBACK),)}, "only rollbacks have succeeded there, and none of them can be a target"),
        ({"past": (past("0old", days=401),)}, "the artifacts of 0old expired after 400 days"),
        ({"execution": ROLLBACK, "past": (past("0old"),)}, "a rollback that fails is not rolled back"),
    ],
)
def test_a_failed_stage_without_a_target_says_why(
    monkeypatch: pytest.MonkeyPatch, has: dict[str, Any], why: str
) -> None:
    """Without a rollback target the notice says why, and has the command that reverts the commit."""
    aws = notice(monkeypatch, STAGE_FAILED, {"revisionId": "0123abc"}, actions=(("Prod", "Succeeded"),), **has)
    assert aws.lines[-3:] == [
        "Traffic: this release has all of it, by Shop.Deploy",
        f"Rollback: impossible, because {why}",
        "To go back: git revert 0123abc && git push",
    ]


def test_a_failed_deployment_needs_no_revert(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed deployment, which CloudFormation rolled back, has no command to revert."""
    aws = notice(monkeypatch, STAGE_FAILED, {"revisionId": "0123abc"}, actions=(("Prod", "Failed"),))
    assert aws.lines[1] == "Traffic: this release has none of it: no stack was deployed"
    assert "git revert" not in aws.published["Message"]


def test_an_uncertain_rollback_target_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The notice says that CodePipeline may reject a target that is older than a successful rollback."""
    aws = notice(monkeypatch, STAGE_FAILED, past=(past("0up", **ROLLBACK), past("0old")))
    assert aws.lines[-1] == (
        "Rollback: to the release of execution 0old, which gets all calls in one step, "
        "unless CodePipeline refuses: the last one that succeeded was a rollback"
    )


def test_a_source_that_fails_has_no_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    """The notice of a failed source has no revision."""
    assert notice(monkeypatch, FAILED).published["Message"].splitlines()[1:] == [PAGE]


def test_the_subject_is_as_short_as_sns_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A subject has at most 100 characters. Source: Amazon SNS API reference, Publish."""
    assert len(notice(monkeypatch, FAILED | {"action": "a" * 100}).published["Subject"]) == 100
