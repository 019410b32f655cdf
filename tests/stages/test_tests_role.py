"""The variables and the permissions of the tests of a deployed stage."""

import ast
from collections.abc import Iterator
from typing import Any

import pytest
from aws_cdk.assertions import Template

from stages.catalog import FUNCTIONS
from stages.event_sources import QueueSource
from stages.service_options import ServiceOptions
from tests.root import ROOT
from tests.stages.conftest import BUILD_ROLE, Make
from tests.synthesized import Synthesized

TOLD = {
    f"{function.id}{name}"
    for function in FUNCTIONS
    for name in ("FunctionName", "LogGroupName", "CodeDigest", "LayerDigests")
}
TOLD |= {f"{function.id}{'QueueUrl' if function.feed is QueueSource else 'TopicArn'}" for function in FUNCTIONS}
TOLD.add("Revision")


def asked() -> Iterator[str]:
    """The outputs that tests/integration asks for, read from its code: `deployed.output(...)`."""
    for file in (ROOT / "tests" / "integration").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "output":
                yield from _names(node.args[0])


def _names(argument: ast.expr) -> Iterator[str]:
    """A literal is one name; f"{function}Something" is one of each function."""
    if isinstance(argument, ast.Constant):
        yield str(argument.value)
    if isinstance(argument, ast.JoinedStr):
        end = argument.values[-1]
        assert isinstance(end, ast.Constant)
        yield from (declared.id + str(end.value) for declared in FUNCTIONS)


def unanswered(template: Template) -> set[str]:
    """The outputs that the tests ask for, and that the stack lacks."""
    return set(asked()) - set(template.find_outputs("*"))


def test_the_stack_tells_what_its_tests_ask_for(synthesized: Synthesized) -> None:
    """In every environment."""
    assert unanswered(synthesized.dev) == set()
    assert unanswered(synthesized.prod) == set()


def test_every_function_tells_the_same(template: Template) -> None:
    """Its name, its log, its code, its layers, and where to send to."""
    assert set(template.find_outputs("*")) == TOLD | {"StackArn", "TestRoleArn"}


@pytest.mark.gate
def test_a_renamed_output_is_red(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is deployed."""
    monkeypatch.setattr("stages.catalog.FunctionDeclaration.id", property(lambda self: self.name.title() + "Function"))
    assert "EchoQueueUrl" in unanswered(made(ServiceOptions()))


def statements(template: Template) -> list[dict[str, Any]]:
    (policy,) = (
        policy["Properties"]["PolicyDocument"]["Statement"]
        for id_, policy in template.find_resources("AWS::IAM::ManagedPolicy").items()
        if id_.startswith("Tester")
    )
    typed: list[dict[str, Any]] = policy
    return typed


def actions(template: Template) -> set[str]:
    """Everything that the tests' role may do."""
    written = [statement["Action"] for statement in statements(template)]
    return {action for found in written for action in ([found] if isinstance(found, str) else found)}


LOOK_AND_CALL = {
    "cloudformation:DescribeStacks",
    "lambda:GetFunctionConfiguration",
    "lambda:GetLayerVersion",
    "lambda:InvokeFunction",
}
SEND_AND_FIND = {"sqs:SendMessage", "sns:Publish", "logs:FilterLogEvents", "kms:Decrypt", "kms:GenerateDataKey"}


def test_the_role_may_do_what_the_tests_do_and_nothing_more(template: Template) -> None:
    """All of it on named resources."""
    assert actions(template) == LOOK_AND_CALL | SEND_AND_FIND
    assert not [statement for statement in statements(template) if statement["Resource"] == "*"]


def test_the_role_of_smoke_tests_cannot_send(changed: Template) -> None:
    """Where nothing is to be left behind, nothing can be."""
    assert actions(changed) == LOOK_AND_CALL


def test_one_build_role_is_trusted(template: Template) -> None:
    """Not the account, and not what else runs there."""
    template.has_resource_properties(
        "AWS::IAM::Role",
        {
            "RoleName": "delivery-dev-tests",
            "AssumeRolePolicyDocument": {
                "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": BUILD_ROLE}}]
            },
        },
    )
