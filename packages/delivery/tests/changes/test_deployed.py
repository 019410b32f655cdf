"""The stack statuses that count as deployed."""

import json
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from cdk_delivery.changes.deployed import DeployedTemplates
from cdk_delivery.changes.stacks import Stack

STACK = Stack("Prod-Shop", "333333333333", "eu-west-1", "lookup", {})
TEMPLATE = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}


class InStatus:
    """A session in an account that holds the stack in one status."""

    def __init__(self, status: str) -> None:
        self._status = status

    def client(self, service: str, region_name: str) -> Any:
        api = boto3.client(service, region_name=region_name, aws_access_key_id="1", aws_secret_access_key="1")
        held = {"StackName": STACK.name, "StackStatus": self._status, "CreationTime": "2026-01-01T00:00:00Z"}
        stub = Stubber(api)
        stub.add_response("describe_stacks", {"Stacks": [held]})
        stub.add_response("get_template", {"TemplateBody": json.dumps(TEMPLATE)})
        stub.activate()
        return api


@pytest.mark.parametrize(
    ("status", "is_there"),
    [
        ("CREATE_COMPLETE", True),
        ("UPDATE_ROLLBACK_COMPLETE", True),
        ("UPDATE_FAILED", True),
        ("REVIEW_IN_PROGRESS", False),
        ("CREATE_FAILED", False),
        ("ROLLBACK_COMPLETE", False),
        ("ROLLBACK_FAILED", False),
        ("DELETE_FAILED", False),
    ],
)
def test_a_stack_that_never_came_to_be_is_not_deployed(
    status: str, *, is_there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CloudFormation keeps the template of what it rolled back; the next try is the first deployment all the same."""
    monkeypatch.setattr(DeployedTemplates, "_session", lambda *_: InStatus(status))
    assert DeployedTemplates().template(STACK) == (TEMPLATE if is_there else None)
