"""A push that changes the pipeline: it adds an environment and a function, and its approval is rejected."""

from __future__ import annotations

import json

import pytest

from tests.docs.page import Page
from tests.e2e.conftest import Ran
from tests.e2e.deployed.conftest import Deployed
from tests.root import ROOT

pytestmark = pytest.mark.e2e


def test_a_second_execution_deploys_what_a_push_adds_until_a_rejection(editable: Deployed) -> None:
    """The first execution is cancelled, and one with a new id deploys the new environment.

    After the rejection dev has the new release, prod has the one before it, and nothing is retried.
    """
    dev, prod = editable.holds("dev"), editable.holds("prod")
    Page(ROOT / "docs" / "add-a-function.md").follow(editable.root, console=None)
    add_staging(editable)
    ran = editable.run("--reject")
    assert ran.code == 1
    assert [execution["status"] for execution in ran.result["earlier"]] == ["Cancelled"]
    assert ran.result["execution_id"] != ran.result["earlier"][0]["execution_id"]
    assert (ran.status("Staging", "Test"), ran.status("ApproveProd", "Approve")) == ("Succeeded", "Failed")
    assert len(editable.holds("staging")) == len(editable.holds("dev")) == len(dev) + 1
    assert editable.holds("prod") == prod
    assert_nothing_is_tried_again(editable, ran)


def assert_nothing_is_tried_again(project: Deployed, ran: Ran) -> None:
    """Assert that the execution is the latest one, and has run each action once."""
    api, execution = project.client("codepipeline", "pipeline"), ran.result["execution_id"]
    executions = api.list_pipeline_executions(pipelineName="echo-delivery")["pipelineExecutionSummaries"]
    assert executions[0]["pipelineExecutionId"] == execution, "something began after the rejection"
    tries = api.list_action_executions(pipelineName="echo-delivery", filter={"pipelineExecutionId": execution})
    names = [(detail["stageName"], detail["actionName"]) for detail in tries["actionExecutionDetails"]]
    assert len(names) == len(set(names)), "an action was tried again"


def add_staging(project: Deployed) -> None:
    """Add an environment in another account between dev and prod."""
    settings = json.loads((project.root / "cdk.json").read_text())
    environments = settings["context"]["delivery"]["environments"]
    environments.insert(1, {**environments[0], "name": "staging", "account": "444444444444"})
    (project.root / "cdk.json").write_text(json.dumps(settings, indent=2) + "\n")
