"""An alarm in the bake time rolls prod back; the test changes the pipeline, so it runs after the other rollbacks."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager

import pytest

from tests.e2e.conftest import Ran
from tests.e2e.deployed.conftest import Deployed
from tests.e2e.deployed.hearing import Heard
from tests.e2e.deployed.shifting import EVENT, HANDLED, IN_PROD, assert_rolled_back, calls, deployments, live

pytestmark = [pytest.mark.e2e, pytest.mark.gate]

PLANTED = f'    if {IN_PROD} and "poison" in event:\n        raise ValueError("planted")\n'


def poisoned(project: Deployed, *, after_shift: bool = False) -> AbstractContextManager[list[str]]:
    """Call prod's alias continuously with an event on which a planted release fails."""
    return calls(project, json.dumps({**json.loads(EVENT), "poison": True}).encode(), after_shift=after_shift)


def test_an_alarm_in_the_bake_time_rolls_the_stage_back(editable: Deployed) -> None:
    """Some calls fail with an event that no check or test sends, so that only the alarm detects it.

    The first bad release stays, because its push changes the pipeline too. The fix is deployed although that alarm is
    in ALARM during its shift. The second bad release is rolled back: all calls reach the fix in one step.
    """
    bake(editable)
    heard = Heard(editable)
    code = editable.root / "lambda" / "echo" / "main.py"
    fixed = code.read_text()
    editable.replace("lambda/echo/main.py", HANDLED, PLANTED + HANDLED)
    with poisoned(editable, after_shift=True):
        bad = editable.run("--approve")
    assert_failed_in_bake_time(bad)
    assert "Prod was not rolled back, and keeps what was deployed: " in bad.printed

    code.write_text(fixed)
    with poisoned(editable):
        good = editable.run("--approve")
    assert good.code == 0
    held, before = editable.holds("prod"), deployments(editable)

    editable.replace("lambda/echo/main.py", HANDLED, PLANTED + HANDLED)
    with poisoned(editable, after_shift=True):
        worse = editable.run("--approve")
    assert_failed_in_bake_time(worse)
    assert_rolled_back(editable, worse)
    assert (editable.holds("prod"), live(editable)[1]) == (held, None)
    back, forth = deployments(editable)[: -len(before) or None]
    groups = {deployment["deploymentGroupName"] for deployment in (back, forth)}
    assert ["TrafficEchoLiveGroup" in group for group in groups] == [True], "a function shifted that did not change"
    assert back["deploymentConfigName"] == "CodeDeployDefault.LambdaAllAtOnce"
    assert forth["deploymentConfigName"] != back["deploymentConfigName"]
    notice = heard.notice("echo-delivery Prod failed at ", bad.result["execution_id"])
    assert "Traffic: this release has all of it, by Echo.Deploy" in notice
    assert "Rollback: impossible, because no execution has succeeded in Prod with this definition" in notice
    assert "To go back: git revert " in notice
    notice = heard.notice("echo-delivery Prod failed at ", worse.result["execution_id"])
    assert f"Rollback: to the release of execution {good.result['execution_id']}, " in notice


def bake(project: Deployed) -> None:
    """Give prod a bake time, and its account the permission for its alarm."""
    settings = json.loads((project.root / "cdk.json").read_text())
    settings["context"]["delivery"]["environments"][1]["traffic"]["bake_minutes"] = 10
    (project.root / "cdk.json").write_text(json.dumps(settings, indent=2) + "\n")
    alarm = '"cloudwatch:PutMetricAlarm"'
    project.replace(
        "pipeline/access/environment-resources.json", alarm, f'"cloudwatch:PutCompositeAlarm",\n        {alarm}'
    )


def assert_failed_in_bake_time(ran: Ran) -> None:
    """Assert that the actions succeeded and the success condition was not met."""
    assert (ran.code, ran.status("Prod", "Echo.Deploy"), ran.status("Prod", "Test")) == (1, "Succeeded", "Succeeded")
    assert "Prod-Echo-eu-west-1-bake" in ran.printed
