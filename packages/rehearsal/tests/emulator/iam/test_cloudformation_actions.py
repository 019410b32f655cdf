"""The actions that CloudFormation needs for a resource, from cfn-lint's schemas."""

from __future__ import annotations

import pytest
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.iam.cloudformation_actions import actions_for_properties, passes_roles, required_actions


@pytest.mark.parametrize(
    ("kind", "create", "delete"),
    [
        ("AWS::Lambda::Function", "lambda:CreateFunction", "lambda:DeleteFunction"),
        ("AWS::Lambda::LayerVersion", "lambda:PublishLayerVersion", "lambda:DeleteLayerVersion"),
        ("AWS::SQS::Queue", "sqs:CreateQueue", "sqs:DeleteQueue"),
        ("AWS::SNS::Subscription", "sns:Subscribe", "sns:Unsubscribe"),
        ("AWS::IAM::Role", "iam:CreateRole", "iam:DeleteRole"),
        ("AWS::IAM::Policy", "iam:PutRolePolicy", "iam:DeleteRolePolicy"),
        ("AWS::KMS::Key", "kms:CreateKey", "kms:ScheduleKeyDeletion"),
        ("AWS::SSM::Parameter", "ssm:PutParameter", "ssm:DeleteParameter"),
        ("AWS::CodeBuild::Project", "codebuild:CreateProject", "codebuild:DeleteProject"),
        ("AWS::CodePipeline::Pipeline", "codepipeline:CreatePipeline", "codepipeline:DeletePipeline"),
        ("AWS::CloudWatch::Alarm", "cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"),
    ],
)
def test_the_action_that_makes_or_removes_the_thing_is_needed(kind: str, create: str, delete: str) -> None:
    """The first required action is the one that creates or deletes the resource."""
    assert required_actions(kind, "create")[0] == create
    assert required_actions(kind, "delete")[0] == delete


def test_a_change_needs_one_of_the_types_own_actions() -> None:
    """An update needs the service's update actions, not its read and tagging actions."""
    update = required_actions("AWS::Lambda::Function", "update")
    assert {"lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"} <= set(update)
    assert not [action for action in update if "Get" in action or "Tag" in action or not action.startswith("lambda:")]


def test_an_update_by_name_is_needed() -> None:
    """The required action is the one whose name says that it updates the resource."""
    assert required_actions("AWS::CodePipeline::Pipeline", "update") == ["codepipeline:UpdatePipeline"]
    assert "logs:PutRetentionPolicy" in required_actions("AWS::Logs::LogGroup", "update")


def test_an_action_is_needed_for_the_property_in_its_name() -> None:
    """A changed property needs the action with its name; other properties need no specific action."""
    assert actions_for_properties("AWS::Lambda::Function", ["Code"]) == ["lambda:UpdateFunctionCode"]
    assert actions_for_properties("AWS::KMS::Key", ["KeyPolicy", "Tags"]) == ["kms:PutKeyPolicy"]
    assert actions_for_properties("AWS::Lambda::Function", ["MemorySize"]) == []


def test_a_type_that_is_unknown_needs_nothing() -> None:
    """A custom resource needs no action, since its function has the permissions."""
    assert required_actions("Custom::Thing", "create") == []


def test_which_types_pass_roles() -> None:
    """Functions and build projects pass a role; queues do not."""
    assert passes_roles("AWS::Lambda::Function", "create")
    assert passes_roles("AWS::CodeBuild::Project", "update")
    assert not passes_roles("AWS::SQS::Queue", "create")


def test_each_type_needs_an_action() -> None:
    """Every type that MiniStack creates needs an action, except CloudFormation's own types and CDK's metadata."""
    unasked = {kind for kind in provisioners._RESOURCE_HANDLERS if not required_actions(kind, "create")}
    assert unasked == {
        "AWS::CDK::Metadata",
        "AWS::CloudFormation::CustomResource",
        "AWS::CloudFormation::WaitCondition",
        "AWS::CloudFormation::WaitConditionHandle",
    }
