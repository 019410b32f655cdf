"""A pipeline that follows CodeCommit by events: a push starts it where a rule takes what CodeCommit tells of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from rehearsal import remote
from rehearsal.aws import root
from rehearsal.deployment import Deployment
from rehearsal.engine.definition import PipelineKey
from rehearsal.workspace import write_json
from tests.rehearsal.commands.conftest import ACCOUNT, BUCKET, REGION, Tiny

NAME = "by-events"
# As CDK writes it for `CodePipelineSource.code_commit`.
PATTERN = {
    "source": ["aws.codecommit"],
    "resources": [f"arn:aws:codecommit:{REGION}:{ACCOUNT}:repo"],
    "detail-type": ["CodeCommit Repository State Change"],
    "detail": {"event": ["referenceCreated", "referenceUpdated"], "referenceName": ["main"]},
}


@pytest.fixture
def follows(tiny: Tiny) -> Iterator[Tiny]:
    """The tiny project, whose deployed pipeline is another one: its source does not poll."""
    source = {
        "name": "Repo",
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "CodeCommit", "version": "1"},
        "configuration": {"RepositoryName": "repo", "BranchName": "main", "PollForSourceChanges": "false"},
        "outputArtifacts": [{"name": "Code"}],
    }
    gate = {
        "name": "Ask",
        "actionTypeId": {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"},
    }
    declaration: dict[str, Any] = {
        "name": NAME,
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/codepipeline",
        "artifactStore": {"type": "S3", "location": BUCKET},
        "stages": [{"name": "Source", "actions": [source]}, {"name": "Gate", "actions": [gate]}],
    }
    record, key = tiny.space.aws / "pipeline.json", PipelineKey(ACCOUNT, REGION, NAME)
    api, own, head = tiny.deployed.api(), tiny.deployed, tiny.git("rev-parse", "HEAD").strip()
    api.create_pipeline(pipeline=declaration)
    write_json(record, asdict(key))
    tiny.deployed = Deployment(own.endpoint, key)
    assert remote.add(tiny.space) is None
    yield tiny
    remote.remove(tiny.space)
    tiny.git("reset", "--quiet", "--hard", head)
    tiny.deployed = own
    write_json(record, asdict(own.key))
    for each in api.list_pipeline_executions(pipelineName=NAME)["pipelineExecutionSummaries"]:
        if each["status"] == "InProgress":
            api.stop_pipeline_execution(
                pipelineName=NAME, pipelineExecutionId=each["pipelineExecutionId"], abandon=True
            )
        tiny.ended(each["pipelineExecutionId"])
        shutil.rmtree(tiny.space.executions / each["pipelineExecutionId"])
    api.delete_pipeline(name=NAME)


def push(tiny: Tiny, branch: str = "main") -> str:
    """What the pusher of a new commit reads."""
    tiny.git("commit", "--quiet", "--allow-empty", "--message", "any")
    return tiny.git("push", "rehearsal", f"+HEAD:refs/heads/{branch}")


def test_a_push_starts_what_a_rule_takes(follows: Tiny) -> None:
    """Without a rule nothing; with the one that CDK makes, the branch that it names."""
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
