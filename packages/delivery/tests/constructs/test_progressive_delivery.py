"""Resources that the setting `traffic` adds to an environment and to the pipeline."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template

from cdk_delivery.constructs.project_files import Project
from cdk_delivery.constructs.traffic_shift import CONCURRENT_SHIFTS
from cdk_delivery.errors import WrongUse
from tests.app import shop_pipeline
from tests.app.shop_stage import ShopStage
from tests.synthesis import Synthesized, assembly, pipeline_of, pipeline_stack

CANARY = {"type": "canary", "percent": 20, "minutes": 15, "shift_alarms": ["orders"], "bake_minutes": 30}
CANARY["alarms"] = ["payments"]
CHECKED = {"Live": "event.json"}


class AliasedShop(ShopStage):
    """The shop with an alias of its function."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        stack = self.node.find_child("Shop")
        function = stack.node.find_child("Till")
        assert isinstance(stack, Stack)
        assert isinstance(function, lambda_.Function)
        lambda_.Alias(stack, "Live", alias_name="live", version=function.current_version)


def canary(settings: dict[str, Any]) -> None:
    settings["environments"][1]["traffic"] = CANARY


@pytest.fixture(scope="module")
def checked(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with an event for its alias, built at a fixed time."""
    (project.root / "event.json").write_text('{"sell": "one"}')
    return replace(project, config=replace(project.config, checks=CHECKED), released=1_700_000_000_000)


@pytest.fixture(scope="module")
def shifted(context: dict[str, Any], checked: Project, tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """The assembly of a project whose prod has a canary, with the findings of the rule packs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shop_pipeline, "ShopStage", AliasedShop)
        return assembly(context, checked, tmp_path_factory.mktemp("cdk.out"), canary, packs=True)


@pytest.fixture(scope="module")
def prod(shifted: Synthesized) -> Template:
    return shifted.stage("Prod")


def one(template: Template, kind: str) -> dict[str, Any]:
    """Return the only resource of a type."""
    (found,) = template.find_resources(kind).values()
    return dict(found)


def test_an_alias_is_updated_by_its_deployment_group(prod: Template) -> None:
    """CloudFormation shifts the traffic during the stack's update, with the checks before and after."""
    ((group, _),) = prod.find_resources("AWS::CodeDeploy::DeploymentGroup").items()
    update = one(prod, "AWS::Lambda::Alias")["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    (checker,) = (id_ for id_ in prod.find_resources("AWS::Lambda::Function") if id_.startswith("TrafficChecker"))
    assert update["DeploymentGroupName"] == {"Ref": group}
    assert update["BeforeAllowTrafficHook"] == update["AfterAllowTrafficHook"] == {"Ref": checker}


def test_an_environment_without_a_shift_has_nothing_of_it(shifted: Synthesized) -> None:
    """The template of dev, which has no shift, has no CodeDeploy resource."""
    dev = shifted.stage("Dev")
    assert "UpdatePolicy" not in one(dev, "AWS::Lambda::Alias")
    assert [id_ for id_ in dev.to_json()["Resources"] if id_.startswith(("Traffic", "Bake"))] == []


def test_the_steps_are_those_of_the_settings(prod: Template) -> None:
    """The stack has its deployment configuration, so that any percentage and interval are possible."""
    routing = one(prod, "AWS::CodeDeploy::DeploymentConfig")["Properties"]["TrafficRoutingConfig"]
    assert routing == {
        "Type": "TimeBasedCanary",
        "TimeBasedCanary": {"CanaryPercentage": 20, "CanaryInterval": 15},
    }


def test_the_group_goes_back_for_the_errors_of_the_new_version_only(prod: Template) -> None:
    """An alarm on all versions would block the fix of a bad release; alarms of the settings are added."""
    group = one(prod, "AWS::CodeDeploy::DeploymentGroup")["Properties"]
    own, other = group["AlarmConfiguration"]["Alarms"]
    alarm = prod.find_resources("AWS::CloudWatch::Alarm")[own["Name"]["Ref"]]["Properties"]
    dimensions = {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]}
    (version,) = prod.find_resources("AWS::Lambda::Version")
    assert dimensions["ExecutedVersion"] == {"Fn::GetAtt": [version, "Version"]}
    assert json.dumps(dimensions["Resource"]).endswith('":live"]]}')
    assert (alarm["TreatMissingData"], other) == ("notBreaching", {"Name": "orders"})
    assert group["AutoRollbackConfiguration"] == {
        "Enabled": True,
        "Events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST", "DEPLOYMENT_STOP_ON_ALARM"],
    }


def test_the_pace_depends_on_when_a_release_was_built(prod: Template) -> None:
    """The deployment group uses the configuration that the custom resource chooses: AllAtOnce for a rollback."""
    ((id_, pace),) = prod.find_resources("Custom::TrafficPace").items()
    assert pace["Properties"]["Released"] == "1700000000000"
    group = one(prod, "AWS::CodeDeploy::DeploymentGroup")["Properties"]
    assert group["DeploymentConfigName"] == {"Fn::GetAtt": [id_, "Config"]}


def test_ten_functions_of_a_stack_shift_concurrently(
    monkeypatch: pytest.MonkeyPatch, context: dict[str, Any], project: Project
) -> None:
    """Ten functions shift concurrently, within the rate of Lambda's API; each further one waits for one of them."""

    class LargeShop(AliasedShop):
        """The shop with 25 more functions."""

        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            stack = self.node.find_child("Shop")
            assert isinstance(stack, Stack)
            for number in range(25):
                function = lambda_.Function(
                    stack,
                    f"More{number}",
                    code=lambda_.Code.from_inline("pass"),
                    handler="index.handler",
                    runtime=lambda_.Runtime.PYTHON_3_13,
                )
                lambda_.Alias(function, "Live", alias_name="live", version=function.current_version)

    monkeypatch.setattr(shop_pipeline, "ShopStage", LargeShop)
    pipeline = pipeline_stack(App(context=context), context, project, canary)
    stack = pipeline.node.find_child("Prod").node.find_child("Shop")
    assert isinstance(stack, Stack)
    aliases = Template.from_stack(stack).find_resources("AWS::Lambda::Alias")
    waits = {id_: set(alias.get("DependsOn", [])) & aliases.keys() for id_, alias in aliases.items()}
    assert sorted(map(len, waits.values())) == [0] * CONCURRENT_SHIFTS + [1] * (26 - CONCURRENT_SHIFTS)
    awaited = [id_ for earlier in waits.values() for id_ in earlier]
    assert len(awaited) == len(set(awaited)), "two functions wait for one, and then shift with the others"


def test_the_service_role_can_shift_and_nothing_more(prod: Template) -> None:
    """CodeDeploy's role has only the statements that a shift needs, and no AWS managed policy."""
    roles = prod.find_resources("AWS::IAM::Role")
    (role,) = (role["Properties"] for id_, role in roles.items() if id_.startswith("TrafficServiceRole"))
    (attached,) = role["ManagedPolicyArns"]
    policy = prod.find_resources("AWS::IAM::ManagedPolicy")[attached["Ref"]]["Properties"]["PolicyDocument"]
    allowed = {action for statement in policy["Statement"] for action in _list(statement["Action"])}
    assert allowed == {
        "cloudwatch:DescribeAlarms",
        "lambda:GetAlias",
        "lambda:GetProvisionedConcurrencyConfig",
        "lambda:InvokeFunction",
        "lambda:UpdateAlias",
    }


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_the_bake_time_watches_alarms_that_block_no_release(prod: Template) -> None:
    """It watches errors of all versions and the settings' alarms, none of which is in the deployment group."""
    bake = one(prod, "AWS::CloudWatch::CompositeAlarm")["Properties"]
    rule = json.dumps(bake["AlarmRule"])
    assert bake["AlarmName"] == "Prod-Shop-eu-west-1-bake"
    (errors,) = (id_ for id_ in prod.find_resources("AWS::CloudWatch::Alarm") if id_.startswith("Bake"))
    assert errors in rule
    assert ":alarm:payments" in rule
    assert errors not in json.dumps(one(prod, "AWS::CodeDeploy::DeploymentGroup"))


def test_the_pipeline_waits_for_the_bake_time_and_rolls_back(shifted: Synthesized) -> None:
    """A rule after the stage's tests waits, with a role that reads the states of alarms."""
    (stage,) = (stage for stage in pipeline_of(shifted.pipeline)["Stages"] if stage["Name"] == "Prod")
    (condition,) = stage["OnSuccess"]["Conditions"]
    (rule,) = condition["Rules"]
    assert condition["Result"] == "ROLLBACK"
    assert rule["Configuration"] == {
        "AlarmName": "Prod-Shop-eu-west-1-bake",
        "AlarmStates": "ALARM",
        "WaitTime": "30",
    }
    assert rule["RoleArn"].endswith(":role/Prod-Shop-eu-west-1-bake")
    assert "OnSuccess" not in json.dumps([s for s in pipeline_of(shifted.pipeline)["Stages"] if s["Name"] != "Prod"])


def patterns(shifted: Synthesized, kind: str) -> list[dict[str, Any]]:
    """Return the details of the event patterns of one kind that name a stage."""
    rules = shifted.pipeline.find_resources("AWS::Events::Rule").values()
    found = [rule["Properties"]["EventPattern"] for rule in rules]
    wanted = [f"CodePipeline {kind} Execution State Change"]
    return [pattern["detail"] for pattern in found if pattern["detail-type"] == wanted and "stage" in pattern["detail"]]


def test_a_stage_that_fails_is_a_notice_where_it_is_rolled_back(shifted: Synthesized) -> None:
    """A failed stage with a rollback is a notice, since in its bake time no action fails."""
    assert patterns(shifted, "Stage") == [{"state": ["FAILED"], "stage": ["Prod"]}]


def test_the_start_and_the_end_of_a_shift_are_notices(shifted: Synthesized) -> None:
    """Start and end of a deploy action with a shift are notices; the notifier has the shift's plan."""
    (shift,) = patterns(shifted, "Action")
    assert shift == {"state": ["STARTED", "SUCCEEDED"], "stage": ["Prod"], "action": ["Shop.Deploy"]}
    (notifier,) = shifted.pipeline.find_resources("AWS::Lambda::Function").values()
    plans = json.loads(notifier["Properties"]["Environment"]["Variables"]["TRAFFIC"])
    assert plans == {"Prod/Shop.Deploy": "20% of its calls for 15 min, then all"}


def test_the_rule_packs_find_nothing(shifted: Synthesized) -> None:
    """Every finding is accepted next to its resource, and no acceptance is stale."""
    found = shifted.assembly
    assert [line for line in found.violations() if "Traffic" in line or "Bake" in line] == []
    assert [stale for stale in map(str, found.stale()) if "/Traffic" in stale or "/Bake" in stale] == []


def test_the_templates_are_what_cloudformation_takes(shifted: Synthesized) -> None:
    """cfn-lint finds no fault: a property that only CodePipeline's API has would fail the deployment."""
    files = [str(file) for file in shifted.folder.rglob("*.template.json") if "Dev" not in str(file.parent)]
    linted = subprocess.run(["cfn-lint", "--", *files], check=False, capture_output=True, text=True)
    assert linted.stdout.splitlines() == []


@pytest.mark.parametrize(
    ("checks", "message"),
    [
        ({"Alive": "event.json"}, "checks.*: got 'Alive'; no stack has such an alias of a function; there are Live"),
        ({"Live": "none.json"}, r"none.json is not an event \(.*No such file.*\); a file with JSON is needed"),
        ({"Live": "buildspec.yml"}, "buildspec.yml is not an event"),
    ],
)
def test_a_check_that_cannot_run_is_refused(
    monkeypatch: pytest.MonkeyPatch, context: dict[str, Any], checked: Project, checks: dict[str, str], message: str
) -> None:
    """A check for an unknown alias, or with an invalid event, fails the synthesis."""
    monkeypatch.setattr(shop_pipeline, "ShopStage", AliasedShop)
    wrong = replace(checked, config=replace(checked.config, checks=checks))
    with pytest.raises(WrongUse, match=message):
        pipeline_stack(App(context=context), context, wrong, canary)


@pytest.mark.parametrize(
    ("traffic", "message"),
    [
        ({"type": "linear"}, 'no stack has an alias of a function, .* or take `"type": "linear"` from cdk.json'),
        ({"bake_minutes": 5}, "`bake_minutes` needs one stack with aliases of functions, and here are 0"),
    ],
)
def test_functions_without_an_alias_are_refused(
    context: dict[str, Any], project: Project, traffic: dict[str, Any], message: str
) -> None:
    """Settings of traffic are refused without an alias: nothing would shift, and nothing would be watched."""

    def change(settings: dict[str, Any]) -> None:
        settings["environments"][1]["traffic"] = traffic

    with pytest.raises(WrongUse, match=message):
        pipeline_stack(App(context=context), context, project, change)


def test_events_that_do_not_fit_are_refused(
    monkeypatch: pytest.MonkeyPatch, context: dict[str, Any], checked: Project
) -> None:
    """Events that exceed the 4 KB of a function's variables fail the synthesis."""
    monkeypatch.setattr(shop_pipeline, "ShopStage", AliasedShop)
    Path(checked.root / "long.json").write_text(json.dumps("x" * 4_000))
    long = replace(checked, config=replace(checked.config, checks={"Live": "long.json"}))
    with pytest.raises(WrongUse, match="the events have 4004 characters; 3800 are allowed: name smaller ones"):
        pipeline_stack(App(context=context), context, long, canary)
