"""CloudFormation shifts an alias's traffic through CodeDeploy, and rolls a bad version back."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from unittest.mock import Mock

import pytest
from ministack.services import cloudformation, lambda_svc
from ministack.services.cloudformation import engine, provisioners

from rehearsal.emulator.codedeploy.alias_update import AliasUpdates
from rehearsal.emulator.codedeploy.deployment import CLOUDFORMATION
from rehearsal.emulator.ministack.corrections import traffic
from rehearsal.emulator.ministack.patches import correct
from rehearsal.workspace.clock import Clock
from tests.conftest import Embedded
from tests.emulator.codedeploy.releases import LIMITED, Service, allow, role
from tests.emulator.iam.principals import ACCOUNT, REGION

BAD = "raise ValueError('bad release')"
# Fails after the update of the alias `live`: the version does not exist.
FAILING = {
    "Type": "AWS::Lambda::Alias",
    "DependsOn": "Alias",
    "Properties": {"FunctionName": {"Ref": "Function"}, "FunctionVersion": "99", "Name": "other"},
}


def test_a_new_version_takes_traffic_step_by_step(embedded: Embedded) -> None:
    """A canary sends a tenth of the calls to the new version, then all; the first version takes traffic immediately."""
    service = Service(embedded, embedded.name("canary"), minutes=60)
    assert service.release(1)["StackStatus"] == "CREATE_COMPLETE"
    assert service.alias() == ("1", {})
    assert service.deployments() == []
    with ThreadPoolExecutor(1) as beside:
        update = beside.submit(service.release, 2)
        service.await_weight()
        assert service.alias() == ("1", {"2": 0.1})
        assert service.call(10) == {"1": 9, "2": 1}
        assert not update.done()
        Clock(embedded.workspace.clock).advance(3600)
        assert update.result()["StackStatus"] == "UPDATE_COMPLETE"
    assert service.alias() == ("2", {})
    (deployment,) = service.deployments()
    assert (deployment["status"], deployment["creator"]) == ("Succeeded", CLOUDFORMATION)
    assert service.release(2, group=True, Tags=[{"Key": "a", "Value": "b"}])["StackStatus"] == "UPDATE_COMPLETE"
    assert len(service.deployments()) == 1


def test_an_alarm_on_no_version_of_its_own_blocks_no_shift(embedded: Embedded) -> None:
    """An alarm that is not in the deployment group does not stop the shift while it is in ALARM."""
    service = Service(embedded, embedded.name("baked"), alarm=True)
    service.release(1)
    api, name = embedded.client("cloudwatch"), embedded.name("bake")
    api.put_metric_alarm(
        AlarmName=name,
        MetricName="Errors",
        Namespace="AWS/Lambda",
        Dimensions=[{"Name": "FunctionName", "Value": service.id_of("Function")}],
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Statistic="Sum",
        TreatMissingData="ignore",
    )
    api.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="errors of the release before")
    assert service.release(2)["StackStatus"] == "UPDATE_COMPLETE", service.reasons()
    assert service.alias() == ("2", {})
    (state,) = api.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert state["StateValue"] == "ALARM"


def test_an_alarm_takes_a_bad_version_back(embedded: Embedded) -> None:
    """An alarm rolls the alias and the stack back; only the canary's share of the calls reached the bad version."""
    service = Service(embedded, embedded.name("bad"), minutes=60, alarm=True)
    service.release(1)
    with ThreadPoolExecutor(1) as beside:
        update = beside.submit(service.release, 2, BAD)
        service.await_weight()
        calls = service.call(10)
        assert update.result()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert calls == {"1": 9, "2": 1}
    assert service.alias() == ("1", {})
    (deployment,) = service.deployments()
    assert (deployment["status"], deployment["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
    assert "version 1 has all traffic again" in deployment["rollbackInfo"]["rollbackMessage"]
    assert f"Activated alarms: {service.id_of('Alarm')}" in service.reasons()
    fixed = service.release(3)
    assert fixed["StackStatus"] == "UPDATE_COMPLETE", service.reasons()


@pytest.mark.parametrize(
    ("event", "calls"), [("BeforeAllowTraffic", {"1": 5}), ("AfterAllowTraffic", {"1": 5})], ids=["before", "after"]
)
def test_a_hook_that_fails_takes_the_alias_back(embedded: Embedded, event: str, calls: dict[str, int]) -> None:
    """A failed hook rolls the alias back; a failed BeforeAllowTraffic hook keeps all calls on the old version."""
    service = Service(embedded, embedded.name("hook"), hooks={event: "Failed"})
    service.release(1)
    assert service.release(2)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert service.alias() == ("1", {})
    assert service.call(5) == calls
    assert f"A {event} lifecycle event hook" in service.reasons()
    assert service.deployments()[0]["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"


def test_hooks_that_succeed_let_the_version_through(embedded: Embedded) -> None:
    """Each hook's function runs once, with its role, and the deployment succeeds."""
    hooks = {"BeforeAllowTraffic": "Succeeded", "AfterAllowTraffic": "Succeeded"}
    service = Service(embedded, embedded.name("hooks"), hooks=hooks)
    service.release(1)
    assert service.release(2)["StackStatus"] == "UPDATE_COMPLETE", service.reasons()
    for event in hooks:
        group = f"/aws/lambda/{service.id_of(event)}"
        embedded.reached(partial(was_invoked_once, embedded, group))


def was_invoked_once(embedded: Embedded, group: str) -> bool:
    """Return whether the log shows exactly one invocation of a hook's function."""
    pages = embedded.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    messages: list[str] = [event["message"] for page in pages for event in page["events"]]
    return sum(message.startswith("asked") for message in messages) == 1


def test_a_hook_that_never_answers_fails_after_an_hour(embedded: Embedded) -> None:
    """A hook that sends no status fails after an hour on the rehearsal's clock, counted from its function's end."""
    service = Service(embedded, embedded.name("silent"), hooks={"BeforeAllowTraffic": ""})
    service.release(1)
    ended = threading.Event()

    def pass_an_hour() -> None:
        while not ended.wait(0.5):
            Clock(embedded.workspace.clock).advance(3600)

    with ThreadPoolExecutor(1) as beside:
        beside.submit(pass_an_hour)
        assert service.release(2)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        ended.set()
    assert "did not report a status within an hour" in service.reasons()
    assert service.alias() == ("1", {})


def test_a_group_that_comes_with_a_release_shifts_it(embedded: Embedded) -> None:
    """A deployment group that is added with a release already shifts that release."""
    service = Service(embedded, embedded.name("added"))
    service.release(1, group=False)
    assert service.release(2)["StackStatus"] == "UPDATE_COMPLETE", service.reasons()
    assert len(service.deployments()) == 1


def test_the_rollback_of_a_stack_is_no_deployment(embedded: Embedded) -> None:
    """A stack rollback after the shift restores the alias immediately, without a second deployment."""
    service = Service(embedded, embedded.name("later"))
    service.release(1)
    assert service.release(2, more={"Failing": FAILING})["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert service.alias() == ("1", {})
    assert [deployment["status"] for deployment in service.deployments()] == ["Succeeded"]


def test_the_service_role_needs_its_permissions(embedded: Embedded) -> None:
    """A service role without lambda:UpdateAlias, or without trust in CodeDeploy, fails as on AWS."""
    powerless = role("codedeploy.amazonaws.com", allow("lambda:GetAlias"))
    service = Service(embedded, embedded.name("powerless"), service_role=powerless)
    service.release(1)
    assert service.release(2)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "does not give you permission" in service.reasons()
    assert service.alias() == ("1", {})
    foreign = Service(embedded, embedded.name("foreign"), service_role=role("lambda.amazonaws.com", managed=(LIMITED,)))
    assert foreign.release(1)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "permissions required to assume the role" in foreign.reasons()


def test_a_service_role_may_trust_codedeploy_of_its_region(embedded: Embedded) -> None:
    """A role may trust CodeDeploy's regional principal, as in CDK 2.19; another region's principal is rejected."""
    regional = role(f"codedeploy.{REGION}.amazonaws.com", managed=(LIMITED,))
    service = Service(embedded, embedded.name("regional"), service_role=regional)
    assert service.release(1)["StackStatus"] == "CREATE_COMPLETE", service.reasons()
    assert service.release(2)["StackStatus"] == "UPDATE_COMPLETE", service.reasons()
    elsewhere = role("codedeploy.ap-south-1.amazonaws.com", managed=(LIMITED,))
    other = Service(embedded, embedded.name("elsewhere"), service_role=elsewhere)
    assert other.release(1)["StackStatus"] == "ROLLBACK_COMPLETE"


def test_a_hook_needs_a_permission_of_the_service_role(embedded: Embedded) -> None:
    """The managed policy allows CodeDeploy to invoke only functions whose name begins with CodeDeployHook_."""
    managed = role("codedeploy.amazonaws.com", managed=(LIMITED,))
    service = Service(embedded, embedded.name("hook"), hooks={"BeforeAllowTraffic": "Succeeded"}, service_role=managed)
    service.release(1)
    assert service.release(2)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "lambda:InvokeFunction" in service.reasons()


@pytest.mark.parametrize("allowed", [True, False])
def test_the_role_of_the_stack_needs_codedeploy(embedded: Embedded, *, allowed: bool) -> None:
    """CloudFormation calls CodeDeploy with the stack's role, which needs codedeploy:CreateDeployment."""
    name = embedded.name("deployer")
    denied = {"Effect": "Deny", "Action": "codedeploy:CreateDeployment", "Resource": "*"}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "cloudformation.amazonaws.com"}}
    iam = embedded.client("iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps({"Statement": [allow("*")]}))
    service = Service(embedded, embedded.name("deployed"))
    assert service.release(1, RoleARN=arn)["StackStatus"] == "CREATE_COMPLETE", service.reasons()
    if not allowed:
        iam.put_role_policy(RoleName=name, PolicyName="less", PolicyDocument=json.dumps({"Statement": [denied]}))
    status = service.release(2, RoleARN=arn)["StackStatus"]
    assert status == ("UPDATE_COMPLETE" if allowed else "UPDATE_ROLLBACK_COMPLETE")
    assert ("codedeploy:CreateDeployment" in service.reasons()) is not allowed


def alias_update() -> Any:
    """Update the alias of a stored function from version 1 to 2, in a stack with an UpdatePolicy."""
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
    config = {"FunctionName": "f", "FunctionArn": arn}
    alias = {"AliasArn": f"{arn}:live", "Name": "live", "FunctionVersion": "1", "RevisionId": "1"}
    versions = {number: {"config": {**config, "Version": number}} for number in "12"}
    lambda_svc._functions["f"] = {"config": config, "versions": versions, "aliases": {"live": alias}}
    policy = {"CodeDeployLambdaAliasUpdate": {"ApplicationName": "app", "DeploymentGroupName": "group"}}
    template = json.dumps({"Resources": {"Alias": {"Type": "AWS::Lambda::Alias", "UpdatePolicy": policy}}})
    cloudformation._stacks["s"] = {
        "StackId": "s",
        "StackStatus": "UPDATE_IN_PROGRESS",
        "_resources": {},
        "_template_body": template,
    }
    old = {"FunctionName": "f", "Name": "live", "FunctionVersion": "1"}
    update = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Alias"]["update"]
    return update(alias["AliasArn"], old, {**old, "FunctionVersion": "2"}, "s", "Alias")


@pytest.mark.usefixtures("as_it_comes")
def test_an_update_policy_is_ignored() -> None:
    """The fault: MiniStack updates the alias without a deployment. Corrected, a deployment comes first."""
    alias_update()
    assert lambda_svc._functions["f"]["aliases"]["live"]["FunctionVersion"] == "2"
    codedeploy = Mock()
    codedeploy.create_deployment.return_value.failure = "it failed"
    correct(traffic.ALIAS_UPDATES, owners=[AliasUpdates(codedeploy)])
    with pytest.raises(ValueError, match="it failed"):
        alias_update()
    assert lambda_svc._functions["f"]["aliases"]["live"]["FunctionVersion"] == "1"


@pytest.mark.usefixtures("as_it_comes")
def test_an_update_policy_makes_no_dependency() -> None:
    """The fault: an alias does not depend on the group in its UpdatePolicy. Corrected, it does."""
    resource = {"Properties": {"A": {"Ref": "Function"}}, "UpdatePolicy": {"B": {"Ref": "Group"}}}
    assert engine._extract_deps(resource, {"Function", "Group"}) == {"Function"}
    correct(traffic.UPDATE_POLICIES)
    assert engine._extract_deps(resource, {"Function", "Group"}) == {"Function", "Group"}
