"""Deploy/Lambda and Deploy/CodeDeploy in the embedded AWS: strategies, alarms, errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.actions.conftest import Pipelines, alarm, kind
from tests.conftest import Embedded
from tests.emulator.codedeploy.releases import Service

pytestmark = pytest.mark.slow

CODE = {"inputArtifacts": [{"name": "Code"}]}
HANDLER = "def handler(event, context):\n    return context.function_version\n"


def deploy(provider: str, *, artifact: bool = False, **configuration: Any) -> dict[str, Any]:
    found = {"name": "Deploy", "actionTypeId": kind("Deploy", provider), "configuration": configuration}
    return {**found, **CODE} if artifact else found


def released(pipelines: Pipelines) -> str:
    """Return a function with two versions, the first one behind the alias `live`."""
    api, name = pipelines.embedded.client("lambda"), pipelines.function(HANDLER)
    api.publish_version(FunctionName=name)
    api.update_function_configuration(FunctionName=name, Description="two")
    api.publish_version(FunctionName=name)
    api.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    return name


def live(embedded: Embedded, function: str) -> tuple[str, dict[str, float]]:
    found = embedded.client("lambda").get_alias(FunctionName=function, Name="live")
    return found["FunctionVersion"], found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})


def test_lambda_shifts_an_alias_by_its_strategy(pipelines: Pipelines, embedded: Embedded) -> None:
    """A linear strategy moves the alias to the published version."""
    name = released(pipelines)
    action = deploy(
        "Lambda",
        FunctionName=name,
        FunctionAlias="live",
        PublishedTargetVersion="2",
        DeployStrategy="Linear50PercentEvery1Minute",
    )
    ran = pipelines.run(pipelines.source({"a": "b"}), action)
    assert ran.status == "Succeeded", ran.summary
    assert live(embedded, name) == ("2", {})


def test_an_alarm_fails_the_action_and_takes_the_alias_back(pipelines: Pipelines, embedded: Embedded) -> None:
    """An alarm in ALARM fails the action during the shift, and the alias returns to its old version."""
    name, raised = released(pipelines), alarm(embedded, "ALARM")
    action = deploy(
        "Lambda",
        FunctionName=name,
        FunctionAlias="live",
        PublishedTargetVersion="2",
        DeployStrategy="Canary10Percent60Minutes",
        Alarms=raised,
    )
    ran = pipelines.run(pipelines.source({"a": "b"}), action)
    assert ran.status == "Failed"
    assert f"alarm {raised} is in ALARM" in ran.summary
    assert live(embedded, name) == ("1", {})


def test_lambda_publishes_the_code_of_an_artifact(pipelines: Pipelines, embedded: Embedded) -> None:
    """Deploy/Lambda publishes the artifact's code; if an alias is given, all of its traffic moves by default."""
    name, files = released(pipelines), {"main.py": HANDLER + "# three\n"}
    assert pipelines.run(pipelines.source(files), deploy("Lambda", artifact=True, FunctionName=name)).status == (
        "Succeeded"
    )
    assert live(embedded, name) == ("1", {})
    action = deploy("Lambda", artifact=True, FunctionName=name, FunctionAlias="live")
    ran = pipelines.run(pipelines.source({"main.py": HANDLER + "# four\n"}), action)
    assert ran.status == "Succeeded", ran.summary
    assert live(embedded, name) == ("4", {})


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({"FunctionAlias": "live"}, "PublishedTargetVersion is needed"),
        ({"PublishedTargetVersion": "2"}, "need a FunctionAlias"),
        (
            {"FunctionAlias": "live", "PublishedTargetVersion": "2", "DeployStrategy": "Slowly"},
            "Canary10Percent5Minutes",
        ),
        (
            {"FunctionAlias": "live", "PublishedTargetVersion": "2", "DeployStrategy": "Canary10Percent3000Minutes"},
            "more than 2 days",
        ),
        (
            {"FunctionAlias": "live", "PublishedTargetVersion": "2", "Alarms": ",".join(map(str, range(11)))},
            "10 at most",
        ),
        ({"FunctionAlias": "live", "PublishedTargetVersion": "9"}, "Function not found"),
    ],
)
def test_lambda_rejects_a_bad_configuration(
    pipelines: Pipelines, embedded: Embedded, configuration: dict[str, Any], words: str
) -> None:
    """A bad configuration fails the action with a summary that says why, and the alias does not change."""
    name = released(pipelines)
    ran = pipelines.run(pipelines.source({"a": "b"}), deploy("Lambda", FunctionName=name, **configuration))
    assert (ran.status, words in ran.summary) == ("Failed", True), ran.summary
    assert live(embedded, name) == ("1", {})


def test_codedeploy_deploys_the_app_spec_of_its_artifact(pipelines: Pipelines, embedded: Embedded) -> None:
    """CodeDeploy shifts the alias as the group says; a failed deployment or a missing AppSpec fails the action."""
    service = Service(embedded, embedded.name("action"))
    service.release(1)
    name, api = service.id_of("Function"), embedded.client("lambda")
    api.update_function_configuration(FunctionName=name, Description="two")
    api.publish_version(FunctionName=name)
    properties = {"Name": name, "Alias": "live", "CurrentVersion": "1", "TargetVersion": "2"}
    resource = {"Function": {"Type": "AWS::Lambda::Function", "Properties": properties}}
    files = {"appspec.yaml": json.dumps({"version": 0.0, "Resources": [resource]})}
    names: dict[str, Any] = {
        "ApplicationName": service.id_of("Application"),
        "DeploymentGroupName": service.id_of("Group"),
    }
    ran = pipelines.run(pipelines.source(files), deploy("CodeDeploy", artifact=True, **names))
    assert ran.status == "Succeeded", ran.summary
    assert service.alias() == ("2", {})
    again = pipelines.run(pipelines.source(files), deploy("CodeDeploy", artifact=True, **names))
    assert again.status == "Failed"
    assert "does not match the current version" in again.summary
    without = pipelines.run(pipelines.source({"a": "b"}), deploy("CodeDeploy", artifact=True, **names))
    assert "has no appspec.yml" in without.summary
