"""Prod's traffic moves to a new version step by step, and goes back from a bad one, whoever sees that it is bad."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from rehearsal.workspace.clock import DEFAULT_SCALE, Clock
from rehearsal.workspace.layout import Workspace
from tests.e2e.conftest import Project, Ran
from tests.e2e.hearing import Heard
from tests.root import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.gate]

IN_PROD = '":333333333333:" in context.invoked_function_arn'
HANDLED = "    with processor(event"
PLANTED = f'    if {IN_PROD} and "poison" in event:\n        raise ValueError("planted")\n'
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
def calls(project: Project, event: bytes = EVENT, *, after_shift: bool = False) -> Iterator[list[str]]:
    """Call prod's alias all the time; yields the list of versions that answered or failed, which grows.

    after_shift: not before a new version has all of the traffic.
    """
    api, name, versions, ended = project.client("lambda", "prod"), echo(project), list[str](), threading.Event()
    before = len(deployments(project))

    def has_shifted() -> bool:
        found = deployments(project)
        return len(found) > before and found[0]["status"] == "Succeeded"

    def call() -> None:
        while after_shift and not (ended.wait(0.2) or has_shifted()):
            pass
        while not ended.is_set():
            versions.append(api.invoke(FunctionName=name, Qualifier="live", Payload=event)["ExecutedVersion"])

    thread = threading.Thread(target=call)
    thread.start()
    try:
        yield versions
    finally:
        ended.set()
        thread.join()


def poisoned(project: Project, *, after_shift: bool = False) -> AbstractContextManager[list[str]]:
    """Call prod's alias all the time with an event on which a planted release fails."""
    return calls(project, json.dumps({**json.loads(EVENT), "poison": True}).encode(), after_shift=after_shift)


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


def test_an_alarm_in_the_bake_time_rolls_the_stage_back(deployed: Project) -> None:
    """Some calls fail that neither checks nor tests make: the alarm is the only one to see it.

    The first bad release stays, because its push changes the pipeline too. The fix goes through although that alarm is
    in ALARM during its shift. The second bad release is rolled back: all calls reach the fix in one step.
    """
    bake(deployed)
    heard = Heard(deployed)
    code = deployed.root / "lambda" / "echo" / "main.py"
    fixed = code.read_text()
    deployed.replace("lambda/echo/main.py", HANDLED, PLANTED + HANDLED)
    with poisoned(deployed, after_shift=True):
        bad = deployed.run("--approve")
    assert_failed_in_bake_time(bad)
    assert "Prod was not rolled back, and keeps what was deployed: " in bad.printed

    code.write_text(fixed)
    with poisoned(deployed):
        good = deployed.run("--approve")
    assert good.code == 0
    held, before = deployed.holds("prod"), deployments(deployed)

    deployed.replace("lambda/echo/main.py", HANDLED, PLANTED + HANDLED)
    with poisoned(deployed, after_shift=True):
        worse = deployed.run("--approve")
    assert_failed_in_bake_time(worse)
    assert_rolled_back(deployed, worse)
    assert (deployed.holds("prod"), live(deployed)[1]) == (held, None)
    back, forth = deployments(deployed)[: -len(before) or None]
    groups = {deployment["deploymentGroupName"] for deployment in (back, forth)}
    assert ["TrafficEchoLiveGroup" in group for group in groups] == [True], "a function shifted that did not change"
    assert back["deploymentConfigName"] == "CodeDeployDefault.LambdaAllAtOnce"
    assert forth["deploymentConfigName"] != back["deploymentConfigName"]
    told = heard.one("echo-delivery Prod failed at ", bad.result["execution_id"])
    assert "Traffic: this release has all of it, by Echo.Deploy" in told
    assert "Rollback: impossible, because no execution has succeeded in Prod with this definition" in told
    assert "To go back: git revert " in told
    told = heard.one("echo-delivery Prod failed at ", worse.result["execution_id"])
    assert f"Rollback: to the release of execution {good.result['execution_id']}, " in told


def bake(project: Project) -> None:
    """Give prod a bake time, and its account the permission for the alarm of it."""
    settings = json.loads((project.root / "cdk.json").read_text())
    settings["context"]["delivery"]["environments"][1]["traffic"]["bake_minutes"] = 10
    (project.root / "cdk.json").write_text(json.dumps(settings, indent=2) + "\n")
    alarm = '"cloudwatch:PutMetricAlarm"'
    project.replace(
        "pipeline/access/environment-resources.json", alarm, f'"cloudwatch:PutCompositeAlarm",\n        {alarm}'
    )


def assert_failed_in_bake_time(ran: Ran) -> None:
    """Its actions are green, and its success condition is not met."""
    assert (ran.code, ran.status("Prod", "Echo.Deploy"), ran.status("Prod", "Test")) == (1, "Succeeded", "Succeeded")
    assert "Prod-Echo-eu-west-1-bake" in ran.printed
