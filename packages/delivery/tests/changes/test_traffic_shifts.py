"""Traffic shifts, read from the templates of aliases and deployment groups."""

from __future__ import annotations

from typing import Any

import pytest

from cdk_delivery.changes.traffic_shifts import traffic_shifts

CONFIGS = {
    "Canary": {"TimeBasedCanary": {"CanaryInterval": 5, "CanaryPercentage": 10}},
    "Linear": {"TimeBasedLinear": {"LinearInterval": 3, "LinearPercentage": 20}},
}


def template(version: str, config: Any = None, *, alarms: int = 0, policy: bool = True) -> Any:
    """Return a stack with an alias, and the deployment group that shifts its traffic."""
    alias: dict[str, Any] = {"Type": "AWS::Lambda::Alias", "Properties": {"FunctionVersion": {"Ref": version}}}
    if policy:
        alias["UpdatePolicy"] = {"CodeDeployLambdaAliasUpdate": {"DeploymentGroupName": {"Ref": "Group"}}}
    group: dict[str, Any] = {"AlarmConfiguration": {"Alarms": [{"Name": f"a{n}"} for n in range(alarms)]}}
    resources = {
        "Live": alias,
        "Group": {
            "Type": "AWS::CodeDeploy::DeploymentGroup",
            "Properties": group | ({"DeploymentConfigName": config} if config else {}),
        },
        "Pace": {"Type": "Custom::TrafficPace", "Properties": {"Config": {"Ref": "Linear"}}},
        **{
            name: {"Type": "AWS::CodeDeploy::DeploymentConfig", "Properties": {"TrafficRoutingConfig": routing}}
            for name, routing in CONFIGS.items()
        },
    }
    return {"Resources": resources}


@pytest.mark.parametrize(
    ("config", "pace"),
    [
        ({"Ref": "Canary"}, "10% for 5 min, then 100%"),
        ({"Fn::GetAtt": ["Pace", "Config"]}, "20% more every 3 min"),
        ("CodeDeployDefault.LambdaCanary10Percent30Minutes", "10% for 30 min, then 100%"),
        ("CodeDeployDefault.LambdaLinear10PercentEvery1Minute", "10% more every 1 min"),
        ("CodeDeployDefault.LambdaAllAtOnce", "all at once, by CodeDeploy"),
        (None, "all at once, by CodeDeploy"),
        ("Slow", "as Slow says"),
        ({"Fn::ImportValue": "pace"}, "step by step, by CodeDeploy"),
    ],
    ids=str,
)
def test_the_pace_is_that_of_the_deployment_configuration(config: Any, pace: str) -> None:
    """The pace is found too if a custom resource chooses the configuration, as in this project."""
    (shift,) = traffic_shifts(template("One"), template("Two", config))
    assert (shift.alias, shift.pace) == ("Live", pace)


def test_the_alarms_that_stop_a_shift_are_counted() -> None:
    """The text has the number of alarms that stop a shift."""
    shifts = [*traffic_shifts(template("One"), template("Two", {"Ref": "Canary"}, alarms=2))]
    assert str(shifts[0]) == "Live: 10% for 5 min, then 100%, stopped by 2 alarms"


def test_without_codedeploy_all_traffic_moves_at_once() -> None:
    """An alias without an update policy moves all traffic in one step."""
    assert [str(shift) for shift in traffic_shifts(template("One"), template("Two", policy=False))] == [
        "Live: all at once"
    ]


def test_only_a_new_version_shifts_traffic() -> None:
    """CloudFormation shifts traffic only if an update changes the alias's version."""
    assert list(traffic_shifts({}, template("One"))) == []
    assert list(traffic_shifts(template("One"), template("One", {"Ref": "Canary"}))) == []
