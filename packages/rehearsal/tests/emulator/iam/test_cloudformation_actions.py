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
    """And none that only a property that may be absent needs."""
    assert required_actions(kind, "create")[0] == create
    assert required_actions(kind, "delete")[0] == delete


def test_a_change_needs_one_of_the_types_own_actions() -> None:
    """The action depends on the property; reading and tagging change nothing."""
    update = required_actions("AWS::Lambda::Function", "update")
    assert {"lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"} <= set(update)
    assert not [each for each in update if "Get" in each or "Tag" in each or not each.startswith("lambda:")]


def test_an_update_by_name_is_needed() -> None:
    """Not another action of the same service."""
    assert required_actions("AWS::CodePipeline::Pipeline", "update") == ["codepipeline:UpdatePipeline"]
    assert "logs:PutRetentionPolicy" in required_actions("AWS::Logs::LogGroup", "update")


def test_an_action_is_needed_for_the_property_in_its_name() -> None:
    """Other properties leave the choice."""
    assert actions_for_properties("AWS::Lambda::Function", ["Code"]) == ["lambda:UpdateFunctionCode"]
    assert actions_for_properties("AWS::KMS::Key", ["KeyPolicy", "Tags"]) == ["kms:PutKeyPolicy"]
    assert actions_for_properties("AWS::Lambda::Function", ["MemorySize"]) == []


def test_a_type_that_is_unknown_needs_nothing() -> None:
    """Custom resources work with the permissions of their function."""
    assert required_actions("Custom::Thing", "create") == []


def test_which_types_pass_roles() -> None:
    """A function and a build project are given one, a queue is not."""
    assert passes_roles("AWS::Lambda::Function", "create")
    assert passes_roles("AWS::CodeBuild::Project", "update")
    assert not passes_roles("AWS::SQS::Queue", "create")


def test_each_type_that_can_be_made_is_asked_for() -> None:
    """But those that are CloudFormation's own, and a note of the CDK's."""
    unasked = {kind for kind in provisioners._RESOURCE_HANDLERS if not required_actions(kind, "create")}
    assert unasked == {
        "AWS::CDK::Metadata",
        "AWS::CloudFormation::CustomResource",
        "AWS::CloudFormation::WaitCondition",
        "AWS::CloudFormation::WaitConditionHandle",
    }
