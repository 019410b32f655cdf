"""Notification rules in templates: their notifications about a pipeline reach the rule's topic."""

from __future__ import annotations

import json
import time
from typing import Any

from rehearsal.emulator.cloudformation.notification_rules import event_patterns
from rehearsal.emulator.ministack.port import eventbridge
from rehearsal.workspace.resource_notes import resource_notes
from tests.conftest import Embedded

PIPELINE = "arn:aws:codepipeline:eu-west-1:111111111111:delivery"


def rule(*ids: str, address: Any = None, type_: str = "SNS", **more: Any) -> dict[str, Any]:
    target = {"TargetType": type_, "TargetAddress": address or {"Ref": "Topic"}}
    own = {
        "Name": "notices",
        "DetailType": "FULL",
        "Resource": PIPELINE,
        "EventTypeIds": list(ids),
        "Targets": [target],
    }
    return {"Type": "AWS::CodeStarNotifications::NotificationRule", "Properties": {**own, **more}}


def test_ids_become_patterns_of_events() -> None:
    """Each level of events has one pattern; approvals are actions of their category; other services have none."""
    ids = [
        *(f"codepipeline-pipeline-pipeline-execution-{state}" for state in ("failed", "succeeded")),
        "codepipeline-pipeline-manual-approval-needed",
        "codebuild-project-build-state-failed",
    ]
    patterns = dict(event_patterns(ids, PIPELINE))
    assert patterns["Pipeline"]["detail"] == {"state": ["FAILED", "SUCCEEDED"]}
    assert patterns["Approval"]["detail"] == {"state": ["STARTED"], "type": {"category": ["Approval"]}}
    assert patterns["Approval"]["detail-type"] == ["CodePipeline Action Execution State Change"]
    assert patterns.keys() == {"Pipeline", "Approval"}


def test_a_notice_reaches_the_topic(embedded: Embedded) -> None:
    """The topic gets the rule's events as notifications with the rule's ARN; deleting the stack deletes the rules."""
    template = {
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Notices": rule("codepipeline-pipeline-stage-execution-failed"),
    }
    stack = embedded.stack(embedded.name("notices"), template, Rule={"Ref": "Notices"})
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    rules = embedded.client("events").list_rules(NamePrefix="awscodestarnotifications")["Rules"]
    (pattern,) = [json.loads(row["EventPattern"]) for row in rules]
    assert pattern == dict(event_patterns(["codepipeline-pipeline-stage-execution-failed"], PIPELINE))["Stage"]
    (target,) = embedded.client("events").list_targets_by_rule(Rule=rules[0]["Name"])["Targets"]
    failed = {
        "Source": "aws.codepipeline",
        "DetailType": "CodePipeline Stage Execution State Change",
        "Resources": [PIPELINE],
        "Detail": json.dumps({"pipeline": "delivery", "stage": "Dev", "state": "FAILED"}),
        "Account": "111111111111",
        "Region": "eu-west-1",
    }
    notice = json.loads(eventbridge.transform_input(target["InputTransformer"], eventbridge.event_envelope(failed)))
    assert notice["detailType"] == "CodePipeline Stage Execution State Change"
    assert notice["detail"] == {"pipeline": "delivery", "stage": "Dev", "state": "FAILED"}
    assert notice["notificationRuleArn"] == outputs["Rule"]
    assert notice["resources"] == [PIPELINE]
    embedded.client("cloudformation").delete_stack(StackName=stack["StackName"])
    wait_until_deleted(embedded)


def wait_until_deleted(embedded: Embedded) -> None:
    """Wait until the EventBridge rules of the notification rule are deleted."""
    deadline = time.monotonic() + 20
    while embedded.client("events").list_rules(NamePrefix="awscodestarnotifications")["Rules"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_rule_without_a_topic_is_reported(embedded: Embedded) -> None:
    """The run reports a notification rule whose target is not an SNS topic."""
    name = embedded.name("chat")
    chat = "arn:aws:chatbot::111111111111:chat-configuration/slack-channel/x"
    ids = "codepipeline-pipeline-stage-execution-failed"
    embedded.stack(name, {"Notices": rule(ids, address=chat, type_="AWSChatbotSlack", Name="chat")})
    said = "; ".join(resource_notes(embedded.workspace))
    assert f"NotificationRule {name}/Notices delivers notices of pipelines to topics only" in said
