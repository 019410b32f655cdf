"""Invoke/CodePipeline: a pipeline that starts another pipeline."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.actions.conftest import Json, Pipelines, kind
from tests.conftest import ROLE, Embedded

pytestmark = pytest.mark.slow


def invoke(name: str, **more: str) -> Json:
    configuration = {"PipelineName": name, **more}
    return {"name": "Start", "actionTypeId": kind("Invoke", "CodePipeline"), "configuration": configuration}


def other(pipelines: Pipelines, embedded: Embedded) -> str:
    """Create a pipeline with a variable and return its name."""
    name = embedded.name("other")
    ask = {"name": "Ask", "actionTypeId": kind("Approval", "Manual")}
    declaration: dict[str, Any] = {
        "name": name,
        "roleArn": ROLE,
        "pipelineType": "V2",
        "artifactStore": {"type": "S3", "location": embedded.bucket()},
        "variables": [{"name": "Place", "defaultValue": "none"}],
        "stages": [
            {"name": "Source", "actions": [pipelines.source({"a": "b"})]},
            {"name": "Next", "actions": [ask]},
        ],
    }
    embedded.client("codepipeline").create_pipeline(pipeline=declaration)
    return name


def test_the_other_pipeline_starts_with_variables(pipelines: Pipelines, embedded: Embedded) -> None:
    """The action passes variables and succeeds when the other execution has started; its output variable is the id."""
    name = other(pipelines, embedded)
    variables = json.dumps([{"name": "Place", "value": "here"}])
    ran = pipelines.run(pipelines.source({"a": "b"}), invoke(name, Variables=variables) | {"namespace": "Started"})
    assert ran.status == "Succeeded"
    id_ = ran.variables("Start")["PipelineExecutionId"]
    started = embedded.client("codepipeline").get_pipeline_execution(pipelineName=name, pipelineExecutionId=id_)
    assert started["pipelineExecution"]["variables"] == [{"name": "Place", "resolvedValue": "here"}]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"PipelineName": "absent"}, "cannot start absent"),
        ({"Variables": "no list"}, "Variables: got 'no list'; a JSON list of objects is allowed"),
    ],
)
def test_a_pipeline_that_cannot_be_started_fails_the_action(
    pipelines: Pipelines, more: dict[str, str], reason: str
) -> None:
    """The action fails with the reason if the pipeline does not exist or Variables is invalid."""
    ran = pipelines.run(pipelines.source({"a": "b"}), invoke("absent", **{**more, "PipelineName": "absent"}))
    assert ran.status == "Failed"
    assert reason in json.dumps(ran.actions["Start"]["output"]["executionResult"])
