"""Pipelines that follow CodeCommit by events: a push starts them if a rule matches CodeCommit's event."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from rehearsal.aws import root
from rehearsal.project import push_remote
from tests.commands.another import NAME, action, another, source
from tests.commands.conftest import Tiny
from tests.commands.templates import ACCOUNT, REGION

# As CDK writes it for `CodePipelineSource.code_commit`.
PATTERN = {
    "source": ["aws.codecommit"],
    "resources": [f"arn:aws:codecommit:{REGION}:{ACCOUNT}:repo"],
    "detail-type": ["CodeCommit Repository State Change"],
    "detail": {"event": ["referenceCreated", "referenceUpdated"], "referenceName": ["main"]},
}


@pytest.fixture
def follows(tiny: Tiny) -> Iterator[Tiny]:
    """The tiny project with a pipeline whose source does not poll."""
    repo = source("CodeCommit", RepositoryName="repo", PollForSourceChanges="false")
    gate = action("Ask", "Approval", "Manual")
    with another(tiny, {"name": "Source", "actions": [repo]}, {"name": "Gate", "actions": [gate]}):
        assert push_remote.add(tiny.space) is None
        yield tiny
        push_remote.remove(tiny.space)


def push(tiny: Tiny, branch: str = "main") -> str:
    """Return the output of a push of a new commit."""
    tiny.git("commit", "--quiet", "--allow-empty", "--message", "any")
    return tiny.git("push", "rehearsal", f"+HEAD:refs/heads/{branch}")


def test_a_push_starts_what_a_rule_takes(follows: Tiny) -> None:
    """With the rule that CDK creates, a push to its branch starts the pipeline; without it, nothing starts."""
    assert f"Repo: it does not poll, and no rule of EventBridge has {NAME} as its target" in push(follows)
    events = follows.deployed.endpoint.client("events", root(ACCOUNT), REGION)
    events.put_rule(Name="pushes", EventPattern=json.dumps(PATTERN))
    target = {"Id": "pipeline", "Arn": follows.deployed.key.arn, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/events"}
    events.put_targets(Rule="pushes", Targets=[target])
    assert f"{NAME}: " in push(follows)
    assert follows.deployed.api().list_pipeline_executions(pipelineName=NAME)["pipelineExecutionSummaries"]
    assert "follows branch main" in push(follows, "feature")
    events.disable_rule(Name="pushes")
    assert "Repo: it does not poll, and no rule takes the push (pushes)" in push(follows)
    events.remove_targets(Rule="pushes", Ids=["pipeline"])
    events.delete_rule(Name="pushes")
