"""Prod's traffic moves to a new version step by step, and goes back from a bad one, whoever sees that it is bad."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from rehearsal.workspace.clock import DEFAULT_SCALE, Clock
from rehearsal.workspace.layout import Workspace
from tests.e2e.conftest import Project, Ran
from tests.root import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.gate]

IN_PROD = '":333333333333:" in context.invoked_function_arn'
HANDLED = "    with processor(event"
EVENT = (ROOT / "tests" / "events" / "sqs.json").read_bytes()


def echo(project: Project) -> str:
    """The name of the function in prod."""
    (name,) = (name for name in project.holds("prod") if "EchoFunction" in name)
    return name


def live(project: Project) -> tuple[str, Any]:
    """The version of the alias, and the weights of others."""
    alias = project.client("lambda", "prod").get_alias(FunctionName=echo(project), Name="live")
    return alias["FunctionVersion"], alias.get("RoutingConfig")


def deployments(project: Project) -> list[dict[str, Any]]:
    """The deployments of prod's CodeDeploy, the newest first."""
    api = project.client("codedeploy", "prod")
    ids = [id_ for page in api.get_paginator("list_deployments").paginate() for id_ in page["deployments"]]
    found = [api.get_deployment(deploymentId=id_)["deploymentInfo"] for id_ in ids]
    return sorted(found, key=lambda info: info["createTime"], reverse=True)


def assert_rolled_back(project: Project, ran: Ran) -> None:
    """The stage is red, and the rollback of the pipeline, which follows, does no harm."""
    api = project.client("codepipeline", "pipeline")
    back, failed = api.list_pipeline_executions(pipelineName="echo-delivery")["pipelineExecutionSummaries"][:2]
    assert (failed["pipelineExecutionId"], failed["status"]) == (ran.result["execution_id"], "Failed")
    assert (back["trigger"]["triggerType"], back["status"]) == ("AutomatedRollback", "Succeeded")


@contextmanager
def calls(project: Project) -> Iterator[list[str]]:
    """Call prod's alias all the time; yields the list of versions that answered or failed, which grows."""
    api, name, versions, ended = project.client("lambda", "prod"), echo(project), list[str](), threading.Event()

    def call() -> None:
        while not ended.is_set():
            versions.append(api.invoke(FunctionName=name, Qualifier="live", Payload=EVENT)["ExecutedVersion"])

    thread = threading.Thread(target=call)
    thread.start()
    try:
        yield versions
    finally:
        ended.set()
        thread.join()


def test_an_alarm_takes_back_a_version_that_fails_three_of_ten_calls(deployed: Project) -> None:
    """Its check calls it once and is green; a tenth of the calls reach it until its errors are an alarm."""
    before = live(deployed)
    deployed.replace("lambda/echo/main.py", "logger = Logger(", "CALLS = iter(range(10**9))\nlogger = Logger(")
    planted = f'    if {IN_PROD} and next(CALLS) % 10 in (1, 4, 7):\n        raise ValueError("planted")\n'
    deployed.replace("lambda/echo/main.py", HANDLED, planted + HANDLED)
    clock = Clock(Workspace(deployed.root).clock)
    clock.set_scale(20)
    try:
        with calls(deployed) as versions:
            ran = deployed.run("--approve")
    finally:
        clock.set_scale(DEFAULT_SCALE)
    assert (ran.code, ran.status("Prod", "Echo.Deploy")) == (1, "Failed")
    assert "Activated alarms: Prod-Echo-TrafficEchoLiveErrors" in ran.printed
    assert live(deployed) == before
    reached = [number for number, version in enumerate(versions) if version != before[0]]
    assert reached
    assert {later - earlier for earlier, later in itertools.pairwise(reached)} <= {10}
    assert_rolled_back(deployed, ran)


def test_a_rollback_of_the_pipeline_is_immediate(deployed: Project) -> None:
    """A fault that only the tests find has all traffic already: the old release gets it back in one step."""
    deployed.replace(
        "lambda/echo/main.py",
        "    done = [result for",
        f'    if {IN_PROD} and processor.fail_messages:\n        raise ValueError("planted")\n    done = [result for',
    )
    held, before = deployed.holds("prod"), deployments(deployed)
    ran = deployed.run("--approve")
    assert (ran.status("Prod", "Echo.Deploy"), ran.status("Prod", "Test")) == ("Succeeded", "Failed")
    assert_rolled_back(deployed, ran)
    assert deployed.holds("prod") == held
    assert live(deployed)[1] is None
    back, forth = deployments(deployed)[: -len(before) or None]
    groups = {deployment["deploymentGroupName"] for deployment in (back, forth)}
    assert ["TrafficEchoLiveGroup" in group for group in groups] == [True], "a function shifted that did not change"
    assert back["deploymentConfigName"] == "CodeDeployDefault.LambdaAllAtOnce"
    assert forth["deploymentConfigName"] != back["deploymentConfigName"]
    seconds = (back["completeTime"] - back["createTime"]).total_seconds()
    print(json.dumps({"seconds from the rollback's deployment to no call of the bad version": seconds}))
