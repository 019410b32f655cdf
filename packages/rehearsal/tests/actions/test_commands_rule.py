"""The Commands rule in the embedded AWS: succeed, fail, reject a bad declaration, stop."""

from __future__ import annotations

from typing import Any

import pytest

from tests.actions.conftest import Pipelines, Ran, kind
from tests.conftest import ROLE, Embedded

pytestmark = pytest.mark.slow


def entered(pipelines: Pipelines, *commands: str, **more: Any) -> Ran:
    """Run a pipeline whose second stage is entered only if `commands` succeed."""
    rule = {"name": "Check", "ruleTypeId": kind("Rule", "Commands"), **more}
    if commands:
        rule["commands"] = list(commands)
    deploy = {
        "name": "Deploy",
        "actionTypeId": kind("Deploy", "S3"),
        "configuration": {"BucketName": pipelines.embedded.bucket(), "Extract": "true"},
        "inputArtifacts": [{"name": "Code"}],
    }
    conditions = {"conditions": [{"result": "FAIL", "rules": [rule]}]}
    return pipelines.run(pipelines.source({"said.txt": "yes"}), deploy, beforeEntry=conditions)


def test_commands_let_the_stage_begin(pipelines: Pipelines, embedded: Embedded) -> None:
    """The commands see the input artifact's files and log to CodePipeline's log group; ListBuilds omits their build."""
    before = embedded.client("codebuild").list_builds()["ids"]
    code = [{"name": "Code"}]
    ran = entered(pipelines, 'test "$(cat said.txt)" = yes', "echo well", inputArtifacts=code)
    assert (ran.status, ran.summary) == ("Succeeded", "")
    assert embedded.client("codebuild").list_builds()["ids"] == before
    groups = embedded.client("logs").describe_log_groups(logGroupNamePrefix="/aws/codepipeline/")["logGroups"]
    assert groups


def test_a_command_that_fails_keeps_the_stage_closed(pipelines: Pipelines) -> None:
    """A failed command fails the entry condition; without an input artifact there are no source files."""
    ran = entered(pipelines, "test -f said.txt")
    assert ran.status == "Failed"
    assert "its beforeEntry condition is not met: Check: build FAILED" in ran.summary
    assert "Deploy" not in ran.actions


def test_no_command_is_an_error(pipelines: Pipelines) -> None:
    """A Commands rule without commands is an error that says what it needs."""
    assert "Commands needs commands: a list of shell commands" in entered(pipelines).summary


def test_commands_are_stopped_with_their_execution(pipelines: Pipelines, embedded: Embedded) -> None:
    """Stopping the execution stops the rule's commands, and the execution is Stopped."""
    api, name = embedded.client("codepipeline"), embedded.name("pipeline")
    rule = {"name": "Check", "ruleTypeId": kind("Rule", "Commands"), "commands": ["echo begun", "sleep 60"]}
    ask = {"name": "Ask", "actionTypeId": kind("Approval", "Manual")}
    stage = {
        "name": "Next",
        "actions": [ask],
        "beforeEntry": {"conditions": [{"result": "FAIL", "rules": [rule]}]},
    }
    store = {"type": "S3", "location": embedded.bucket()}
    declaration = {"name": name, "roleArn": ROLE, "pipelineType": "V2", "artifactStore": store}
    stages = [{"name": "Source", "actions": [pipelines.source({"a": "b"})]}, stage]
    api.create_pipeline(pipeline={**declaration, "stages": stages})
    (execution,) = api.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
    id_ = execution["pipelineExecutionId"]
    embedded.reached((embedded.workspace.executions / id_ / "Next" / "rule=Check" / "1" / "action.log").exists)
    api.stop_pipeline_execution(pipelineName=name, pipelineExecutionId=id_, abandon=True)
    assert embedded.ended(name, id_)["status"] == "Stopped"
