"""The key of the service's data, which AWS services may use only for resources of this account."""

from typing import Any

import pytest
from aws_cdk.assertions import Match, Template


@pytest.fixture
def statements(template: Template) -> dict[str, Any]:
    """The statements of the key's policy, by service."""
    (key,) = template.find_resources("AWS::KMS::Key").values()
    found = key["Properties"]["KeyPolicy"]["Statement"]
    return {statement["Principal"]["Service"]: statement for statement in found if "Service" in statement["Principal"]}


def test_logs_alarms_and_topics_may_use_the_key(statements: dict[str, Any]) -> None:
    """CloudWatch Logs, alarms and SNS may use the key."""
    assert set(statements) == {"logs.eu-west-1.amazonaws.com", "cloudwatch.amazonaws.com", "sns.amazonaws.com"}


def test_no_service_may_use_it_for_others(statements: dict[str, Any]) -> None:
    """Each statement names this account, so that no other account's resource can use the key."""
    assert all("222222222222" in str(statement["Condition"]) for statement in statements.values())


def test_the_key_rotates(template: Template) -> None:
    """The key rotates every year."""
    template.all_resources_properties("AWS::KMS::Key", {"EnableKeyRotation": True})


def test_alarms_may_publish(template: Template) -> None:
    """CloudWatch may publish to the alarms' topic for this account's alarms."""
    allowed = {
        "Effect": "Allow",
        "Action": "sns:Publish",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceAccount": "222222222222"}},
    }
    template.has_resource_properties(
        "AWS::SNS::TopicPolicy", {"PolicyDocument": {"Statement": Match.array_with([Match.object_like(allowed)])}}
    )
