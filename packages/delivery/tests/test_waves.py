"""Waves: environments deployed concurrently, their approval, and the rollback of a failure."""

from collections.abc import Mapping
from typing import Any

import pytest
from aws_cdk.assertions import Template

from cdk_delivery.constructs.project_files import Project
from tests.synthesis import Synthesized, actions, pipeline_of, synthesize, two_regions


@pytest.fixture(scope="module")
def waves(context: dict[str, Any], project: Project) -> Template:
    return synthesize(context, project, two_regions)


@pytest.mark.slow
def test_environments_of_one_wave_are_deployed_concurrently(waves: Template) -> None:
    """The wave has one approval, and its environments are deployed concurrently, each followed by its tests."""
    stages = actions(waves)
    assert list(stages)[-3:] == ["Dev", "ApproveLive", "Live"]
    live = dict(stages["Live"])
    assert live["Prod.Shop.Prepare"] == live["Prod2.Shop.Prepare"]
    assert live["Prod.Test"] == live["Prod2.Test"] > live["Prod.Shop.Deploy"]


@pytest.mark.slow
def test_an_approval_is_asked_with_the_changes_of_each_environment(waves: Template) -> None:
    """The comment has the summary of each environment, within CodePipeline's 1,000 characters."""
    (stage,) = (row for row in pipeline_of(waves)["Stages"] if row["Name"] == "ApproveLive")
    *changes, approval = stage["Actions"]
    comment = approval["Configuration"]["CustomData"]
    assert len(changes) == 2
    for change in changes:
        comment = comment.replace(f"#{{{change['Namespace']}.SUMMARY}}", "x" * room(waves, change))
    assert "#{" not in comment
    assert 950 < len(comment) <= 1000


def room(template: Template, action: Mapping[str, Any]) -> int:
    """Return the number of characters that the summary of a changes action may have."""
    project = template.find_resources("AWS::CodeBuild::Project")[action["Configuration"]["ProjectName"]["Ref"]]
    variables = {
        variable["Name"]: variable["Value"] for variable in project["Properties"]["Environment"]["EnvironmentVariables"]
    }
    return int(variables["ROOM"])


@pytest.mark.slow
def test_another_region_gets_an_artifact_store_of_its_own(waves: Template) -> None:
    """CDK creates an artifact bucket for each region in a support stack."""
    regions = {store["Region"] for store in pipeline_of(waves)["ArtifactStores"]}
    assert regions == {"eu-west-1", "eu-central-1"}


def test_a_failed_prod_rolls_back_and_is_not_tried_again(synthesized: Synthesized) -> None:
    """A stage has one result of a failure, and prod's is the rollback."""
    stages = {stage["Name"]: stage.get("OnFailure") for stage in pipeline_of(synthesized.pipeline)["Stages"]}
    assert stages.pop("Prod") == {"Result": "ROLLBACK"}
    assert set(stages.values()) == {None}


@pytest.mark.slow
def test_a_rejection_rolls_nothing_back(waves: Template) -> None:
    """The approval's stage has no rollback on failure."""
    approvals = [stage for stage in pipeline_of(waves)["Stages"] if stage["Name"].startswith("Approve")]
    assert [(stage["Name"], "OnFailure" in stage) for stage in approvals] == [("ApproveLive", False)]
