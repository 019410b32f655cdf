"""Faults that are pushed to the deployed pipeline: each fails its action, and later stages do not change."""

from __future__ import annotations

import json
import re

import pytest

from tests.e2e.deployed.conftest import Deployed
from tests.e2e.deployed.hearing import Heard
from tests.e2e.deployed.shifting import IN_PROD

pytestmark = [pytest.mark.e2e, pytest.mark.gate]


def test_an_unaccepted_finding_stops_before_anything_is_deployed(editable: Deployed) -> None:
    """A new cdk-nag finding fails Synth, and neither dev nor prod changes."""
    dev, prod = editable.holds("dev"), editable.holds("prod")
    stage, outputs = "stages/echo_stage.py", "self.outputs = stack.outputs"
    editable.replace(stage, "from aws_cdk import Environment\n", "from aws_cdk import Environment, aws_sqs\n")
    editable.replace(stage, outputs, f'{outputs}\n        aws_sqs.Queue(stack, "Unanswered")')
    ran = editable.run("--approve")
    assert ran.code == 1
    assert ran.status("Build", "Synth") == "Failed"
    assert ran.status("Dev", "Test") == ""
    assert "Dev/Echo/Unanswered/Resource" in ran.printed
    assert (editable.holds("dev"), editable.holds("prod")) == (dev, prod)


def test_a_handler_that_raises_stops_before_prod(editable: Deployed) -> None:
    """A handler that raises fails dev's integration tests, and prod does not change."""
    prod = editable.holds("prod")
    editable.replace("lambda/echo2/main.py", '    return {"messages": messages}', '    raise ValueError("planted")')
    ran = editable.run("--approve")
    assert ran.code == 1
    assert ran.status("Dev", "Test") == "Failed"
    assert ran.status("ApproveProd", "Approve") == ""
    assert "Dev/Test failed" in ran.printed
    assert editable.holds("prod") == prod


def test_a_failure_in_prod_is_rolled_back_and_reported(editable: Deployed) -> None:
    """A fault in prod only fails the new version's check; it gets no call, prod rolls back, and notices say so."""
    prod, heard = editable.holds("prod"), Heard(editable)
    editable.replace(
        "lambda/echo2/main.py",
        "    messages = [echo(record)",
        f'    if {IN_PROD}:\n        raise ValueError("planted")\n    messages = [echo(record)',
    )
    ran = editable.run("--approve")
    assert ran.code == 1
    assert (ran.status("Dev", "Test"), ran.status("Prod", "Echo.Deploy")) == ("Succeeded", "Failed")
    assert "A BeforeAllowTraffic lifecycle event hook" in ran.printed
    api = editable.client("codepipeline", "pipeline")
    executions = api.list_pipeline_executions(pipelineName="echo-delivery")["pipelineExecutionSummaries"]
    back, failed = executions[:2]
    assert (back["trigger"]["triggerType"], back["status"]) == ("AutomatedRollback", "Succeeded")
    assert (failed["pipelineExecutionId"], failed["status"]) == (ran.result["execution_id"], "Failed")
    assert editable.holds("prod") == prod
    (stack,) = editable.client("cloudformation", "prod").describe_stacks(StackName="Prod-Echo")["Stacks"]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", "the pipeline's rollback of the stage changed something"
    (revision,) = failed["sourceRevisions"]
    asked = json.loads(heard.notice("{"))["approval"]["customData"]
    assert asked.startswith(f"Deploy to prod (traffic: 10% for 5 min): {revision['revisionId'][:8]} ")
    assert "Approve or reject: docs/approve-and-roll-back.md" in asked
    this, other = f"/executions/{failed['pipelineExecutionId']}/", f"/executions/{back['pipelineExecutionId']}/"
    plan = "Traffic: of each function that changes: 10% of its calls for 5 min, then all"
    assert plan in heard.notice("echo-delivery Prod/Echo.Deploy started at ", this)
    red = heard.notice("echo-delivery Prod/Echo.Deploy failed at ", this)
    assert f"\nRevision: {revision['revisionId']} " in red
    assert "BeforeAllowTraffic" in red
    assert "Traffic: this release has none of it: CloudFormation has taken its update back" in red
    target = back["rollbackMetadata"]["rollbackTargetPipelineExecutionId"]
    stage = heard.notice("echo-delivery Prod failed at ", this)
    assert "Traffic: this release has none of it: no stack was deployed" in stage
    assert f"Rollback: to the release of execution {target}, which gets all calls in one step" in stage
    assert "all calls in one step" in heard.notice("echo-delivery Prod/Echo.Deploy started at ", other)
    assert "Traffic: this release has all of it" in heard.notice("echo-delivery Prod/Echo.Deploy succeeded at ", other)
    green = heard.notice("echo-delivery succeeded at ", other)
    assert f"Rollback: to the release of execution {target}, because {failed['pipelineExecutionId']} failed" in green


# The run after this one bootstraps the accounts again: the first of the next module does so in any case.
def test_an_action_that_the_execution_policy_lacks_stops_the_deployment(editable: Deployed) -> None:
    """A deployment fails if this tree's execution policy lacks lambda:PublishVersion."""
    dev, prod = editable.holds("dev"), editable.holds("prod")
    editable.replace("pipeline/access/environment-resources.json", '        "lambda:PublishVersion",\n', "")
    with (editable.root / "lambda" / "echo2" / "main.py").open("a") as code:
        code.write("# a version that may not be published\n")
    ran = editable.run("--approve")
    assert ran.code == 1
    assert "has changed since the accounts were bootstrapped" in ran.printed
    assert any("on AWS an operator has to do it before the push" in line for line in ran.result["not_emulated"])
    assert ran.status("Dev", "Echo.Deploy") == "Failed"
    denied = r"cdk-hnb659fds-cfn-exec-role-222222222222-eu-west-1/AWSCloudFormation is not authorized to perform: "
    denied += r"lambda:PublishVersion on resource: arn:aws:lambda:eu-west-1:222222222222:function:Dev-Echo-Echo2\S+"
    policy = "arn:aws:iam::222222222222:policy/delivery-environment"
    denied += rf" \(looked at {policy}, {policy}-resources; missing is {{\"Effect\": \"Allow\""
    assert re.search(denied, ran.printed)
    assert (editable.holds("dev"), editable.holds("prod")) == (dev, prod)
