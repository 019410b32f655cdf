"""Actions of a resource handler that CloudFormation needs in addition to the creating one."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from rehearsal.emulator.iam.handler_actions import further_actions


@pytest.mark.parametrize(
    ("kind", "operation", "properties", "needed"),
    [
        ("AWS::SQS::Queue", "create", [], {"sqs:GetQueueAttributes"}),
        ("AWS::SQS::Queue", "delete", [], {"sqs:GetQueueAttributes"}),
        ("AWS::Logs::LogGroup", "create", ["RetentionInDays"], {"logs:DescribeLogGroups", "logs:PutRetentionPolicy"}),
        ("AWS::Logs::LogGroup", "create", ["LogGroupName"], {"logs:DescribeLogGroups"}),
        ("AWS::S3::Bucket", "create", [], {"s3:GetBucketAcl", "s3:ListBucket"}),
        (
            "AWS::S3::Bucket",
            "create",
            ["CorsConfiguration", "WebsiteConfiguration"],
            {"s3:GetBucketAcl", "s3:ListBucket", "s3:PutBucketCORS", "s3:PutBucketWebsite"},
        ),
        ("AWS::Events::Rule", "create", ["Targets"], {"events:DescribeRule", "events:PutTargets"}),
        ("AWS::IAM::Policy", "create", ["Roles"], {"iam:GetRolePolicy"}),
        ("AWS::DynamoDB::Table", "delete", [], {"dynamodb:DescribeTable"}),
        ("Custom::Thing", "create", [], set()),
    ],
)
def test_reads_and_what_the_template_has_are_needed(
    kind: str, operation: str, properties: Collection[str], needed: set[str]
) -> None:
    """A handler needs the actions that read its resource, and the actions that set the template's properties."""
    assert {*further_actions(kind, operation, properties)} == needed


def test_actions_for_absent_properties_are_not_needed() -> None:
    """Actions for absent properties, tags, data and other services are not needed."""
    actions = {*further_actions("AWS::Lambda::Function", "create", ["Code", "Role", "Runtime", "Tags"])}
    assert "lambda:GetFunction" in actions
    assert not actions & {"lambda:GetCodeSigningConfig", "lambda:PutRuntimeManagementConfig", "lambda:TagResource"}
    assert all(action.startswith("lambda:") for action in actions)
    assert "dynamodb:GetItem" not in {*further_actions("AWS::DynamoDB::Table", "create", ["TableName"])}
