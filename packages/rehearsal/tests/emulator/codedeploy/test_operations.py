"""CodeDeploy's API: deployments, weights, stops, errors, and the state after a restart."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rehearsal.emulator.codedeploy.traffic_config import CANARY, LINEAR, PREDEFINED, TrafficConfig
from rehearsal.emulator.server import launcher
from rehearsal.workspace.clock import Clock
from rehearsal.workspace.layout import Workspace
from tests.conftest import Embedded
from tests.emulator.codedeploy.releases import Service


def shifting(service: Service, **more: Any) -> str:
    """Release version 1, publish version 2, start a deployment to it, and return its id."""
    service.release(1)
    api, name = service.embedded.client("lambda"), service.id_of("Function")
    api.update_function_configuration(FunctionName=name, Description="two")
    api.publish_version(FunctionName=name)
    return create(service, **more)


def create(service: Service, *, current: str = "1", target: str = "2", **more: Any) -> str:
    properties = {
        "Name": service.id_of("Function"),
        "Alias": "live",
        "CurrentVersion": current,
        "TargetVersion": target,
    }
    resource = {"Function": {"Type": "AWS::Lambda::Function", "Properties": properties}}
    content = json.dumps({"version": 0.0, "Resources": [resource]})
    answer = service.embedded.client("codedeploy").create_deployment(
        applicationName=service.id_of("Application"),
        deploymentGroupName=service.id_of("Group"),
        revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": content}},
        **more,
    )
    return str(answer["deploymentId"])


def ended(embedded: Embedded, id_: str) -> dict[str, Any]:
    """Return a deployment once it has ended."""
    deadline = time.monotonic() + 30
    while True:
        found = embedded.client("codedeploy").get_deployment(deploymentId=id_)["deploymentInfo"]
        if found["status"] in ("Succeeded", "Failed", "Stopped"):
            return dict(found)
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def weight(embedded: Embedded, id_: str) -> float:
    target = embedded.client("codedeploy").get_deployment_target(deploymentId=id_, targetId="any")
    return float(target["deploymentTarget"]["lambdaTarget"]["lambdaFunctionInfo"]["targetVersionWeight"])


def test_a_request_shifts_an_alias(embedded: Embedded) -> None:
    """CreateDeployment shifts the alias as a stack update does; GetDeploymentTarget has the new version's weight."""
    service = Service(embedded, embedded.name("request"), minutes=60)
    id_ = shifting(service)
    service.await_weight()
    assert weight(embedded, id_) == 10
    Clock(embedded.workspace.clock).advance(3600)
    assert ended(embedded, id_)["status"] == "Succeeded"
    assert (weight(embedded, id_), service.alias()) == (100, ("2", {}))


def test_a_stop_takes_the_alias_back_if_asked_to(embedded: Embedded) -> None:
    """StopDeployment with autoRollbackEnabled restores the alias; an ended deployment cannot be stopped."""
    service, api = Service(embedded, embedded.name("stopped"), minutes=60), embedded.client("codedeploy")
    id_ = shifting(service)
    service.await_weight()
    with pytest.raises(ClientError, match="DeploymentLimitExceededException"):
        create(service)
    api.stop_deployment(deploymentId=id_, autoRollbackEnabled=True)
    assert ended(embedded, id_)["status"] == "Stopped"
    assert service.alias() == ("1", {})
    with pytest.raises(ClientError, match="DeploymentAlreadyCompletedException"):
        api.stop_deployment(deploymentId=id_)


def test_a_stop_without_rollback_keeps_the_weights(embedded: Embedded) -> None:
    """StopDeployment without a rollback keeps the alias's weights."""
    service = Service(embedded, embedded.name("left"), minutes=60)
    id_ = shifting(service)
    service.await_weight()
    embedded.client("codedeploy").stop_deployment(deploymentId=id_)
    assert ended(embedded, id_)["status"] == "Stopped"
    assert service.alias() == ("1", {"2": 0.1})


def test_the_alias_must_have_the_current_version(embedded: Embedded) -> None:
    """A deployment whose current version is not the alias's version fails and changes nothing."""
    service = Service(embedded, embedded.name("current"))
    id_ = shifting(service)
    assert ended(embedded, id_)["status"] == "Succeeded"
    found = ended(embedded, create(service))
    assert found["errorInformation"]["code"] == "INVALID_LAMBDA_CONFIGURATION"
    assert "does not match the current version" in found["errorInformation"]["message"]
    assert service.alias() == ("2", {})


def test_what_codedeploy_refuses(embedded: Embedded) -> None:
    """Unknown names, invalid statuses and operations of other platforms have AWS's codes and messages."""
    service, api = Service(embedded, embedded.name("refused")), embedded.client("codedeploy")
    id_ = shifting(service)
    application, group = service.id_of("Application"), service.id_of("Group")
    ended(embedded, id_)
    calls: dict[str, Callable[[], object]] = {
        "ApplicationDoesNotExistException": lambda: api.get_application(applicationName="none"),
        "DeploymentGroupDoesNotExistException": lambda: api.get_deployment_group(
            applicationName=application, deploymentGroupName="none"
        ),
        "DeploymentConfigDoesNotExistException": lambda: create(service, deploymentConfigName="none"),
        "DeploymentDoesNotExistException": lambda: api.get_deployment(deploymentId="d-NONE"),
        "InvalidLifecycleEventHookExecutionStatusException": lambda: hook_status(api, id_, "Skipped"),
        "InvalidLifecycleEventHookExecutionIdException": lambda: hook_status(api, id_, "Succeeded"),
        "InvalidRevisionException": lambda: api.create_deployment(
            applicationName=application,
            deploymentGroupName=group,
            revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": "Resources: []"}},
        ),
        "UnsupportedActionForDeploymentTypeException": lambda: api.continue_deployment(deploymentId=id_),
    }
    for code, call in calls.items():
        with pytest.raises(ClientError) as error:
            call()
        problem = error.value.response["Error"]
        assert problem["Code"] == code
        if code.endswith("DoesNotExistException"):
            assert problem["Message"].endswith(("found for name: none", "The deployment d-NONE could not be found"))
    info = api.get_deployment_group(applicationName=application, deploymentGroupName=group)["deploymentGroupInfo"]
    assert info["autoRollbackConfiguration"]["events"] == ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]


def hook_status(api: Any, id_: str, status: str) -> None:
    api.put_lifecycle_event_hook_execution_status(deploymentId=id_, lifecycleEventHookExecutionId="none", status=status)


def test_predefined_configurations_have_awss_steps() -> None:
    """The predefined configurations have AWS's names, percentages and intervals."""
    assert len(PREDEFINED) == 9
    assert PREDEFINED["CodeDeployDefault.LambdaCanary10Percent5Minutes"] == TrafficConfig(CANARY, 10, 5)
    assert PREDEFINED["CodeDeployDefault.LambdaLinear10PercentEvery1Minute"] == TrafficConfig(LINEAR, 10, 1)
    assert list(PREDEFINED["CodeDeployDefault.LambdaAllAtOnce"].steps()) == []
    assert list(TrafficConfig(LINEAR, 30, 2).steps()) == [(30, 120), (60, 120), (90, 120)]


@pytest.mark.parametrize(
    "routing",
    [
        {"Type": "Blue"},
        {"Type": CANARY},
        {"Type": CANARY, CANARY: {"CanaryPercentage": 100, "CanaryInterval": 5}},
        {"Type": LINEAR, LINEAR: {"LinearPercentage": 10, "LinearInterval": 0}},
    ],
)
def test_a_wrong_configuration_is_refused(routing: dict[str, Any]) -> None:
    """The error for an invalid traffic configuration names the allowed values."""
    with pytest.raises(ValueError, match=r"allowed|1 to 99 percent"):
        TrafficConfig.of(routing)


def test_an_end_in_mid_shift_leaves_one_version(tmp_path_factory: pytest.TempPathFactory) -> None:
    """An embedded AWS that ends during a shift restores the alias; after a restart the deployment is Stopped."""
    workspace = Workspace(tmp_path_factory.mktemp("restart"))
    with launcher.join_or_start(workspace, iam=False) as endpoint:
        service = Service(Embedded(endpoint, workspace), "restart", minutes=60)
        id_ = shifting(service)
        service.await_weight()
    with launcher.join_or_resume(workspace) as endpoint:
        again = Service(Embedded(endpoint, workspace), "restart")
        assert again.alias() == ("1", {})
        assert ended(again.embedded, id_)["status"] == "Stopped"


def test_a_kill_in_mid_shift_leaves_one_version(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The next start after a kill discards the state; a new release has one version."""
    workspace = Workspace(tmp_path_factory.mktemp("killed"))
    with launcher.join_or_start(workspace, iam=False) as endpoint:
        service = Service(Embedded(endpoint, workspace), "killed", minutes=60)
        shifting(service)
        service.await_weight()
        server = workspace.server()
        assert server
        os.killpg(server.pid, signal.SIGKILL)
    with launcher.join_or_start(workspace, iam=False) as endpoint:
        again = Service(Embedded(endpoint, workspace), "killed")
        assert again.embedded.client("codedeploy").list_deployments()["deployments"] == []
        assert again.release(2)["StackStatus"] == "CREATE_COMPLETE"
        assert again.alias() == ("1", {})
        assert again.call(3) == {"1": 3}
