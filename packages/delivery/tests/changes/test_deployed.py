"""The stack statuses that count as deployed, and errors of an account that cannot be read."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from cdk_delivery.changes.deployed import CannotCompare, DeployedTemplates, ReaderSessions
from cdk_delivery.changes.stacks import Stack

STACK = Stack("Prod-Shop", "333333333333", "eu-west-1", "arn:aws:iam::333333333333:role/cfn-exec", {})
TEMPLATE = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
KEYS = {"region_name": "eu-west-1", "aws_access_key_id": "1", "aws_secret_access_key": "1"}


class InStatus(ReaderSessions):
    """A CloudFormation API with the stack in one status."""

    def __init__(self, status: str) -> None:
        self._status = status

    def client(self, service: str, *_: str) -> Any:
        api = boto3.client(service, **KEYS)
        held = {"StackName": STACK.name, "StackStatus": self._status, "CreationTime": "2026-01-01T00:00:00Z"}
        stub = Stubber(api)
        stub.add_response("describe_stacks", {"Stacks": [held]})
        stub.add_response("get_template", {"TemplateBody": json.dumps(TEMPLATE)})
        stub.activate()
        return api


class Refusing(ReaderSessions):
    """An API that returns one error for every call."""

    def __init__(self, code: str) -> None:
        self._code = code

    def client(self, service: str, *_: str) -> Any:
        api = boto3.client(service, **KEYS)
        stub = Stubber(api)
        stub.add_client_error("describe_stacks", self._code, "not today")
        stub.activate()
        return api


@pytest.mark.parametrize("status", ["REVIEW_IN_PROGRESS", "DELETE_COMPLETE"])
def test_an_undeployed_or_deleted_stack_is_absent(status: str) -> None:
    """A stack in these statuses is absent, although CloudFormation still returns its template."""
    assert DeployedTemplates(InStatus(status)).find(STACK) is None


@pytest.mark.parametrize(
    ("status", "way_out"),
    [
        ("CREATE_COMPLETE", ""),
        ("UPDATE_ROLLBACK_COMPLETE", ""),
        ("UPDATE_FAILED", ""),
        ("CREATE_FAILED", "delete-stack"),
        ("ROLLBACK_COMPLETE", "delete-stack"),
        ("ROLLBACK_FAILED", "delete-stack"),
        ("DELETE_FAILED", "delete-stack"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
    ],
)
def test_a_stack_that_takes_no_update_has_a_way_out(status: str, way_out: str) -> None:
    """A stack that CloudFormation cannot update is not absent, and the result names the command that repairs it."""
    found = DeployedTemplates(InStatus(status)).find(STACK)
    assert found
    assert (found.template, found.recovery_verb) == (TEMPLATE, way_out)


def test_the_way_out_is_a_whole_command() -> None:
    """The command has CloudFormation's role, since users of the account may not delete resources."""
    assert STACK.command("delete-stack") == (
        "aws cloudformation delete-stack --stack-name Prod-Shop --region eu-west-1"
        " --role-arn arn:aws:iam::333333333333:role/cfn-exec"
    )


def test_an_account_that_denies_is_not_an_empty_account() -> None:
    """A denial is never a first deployment; any other error is raised as it is."""
    with pytest.raises(CannotCompare, match="not today"):
        DeployedTemplates(Refusing("AccessDenied")).find(STACK)
    with pytest.raises(ClientError, match="Throttling"):
        DeployedTemplates(Refusing("Throttling")).find(STACK)
