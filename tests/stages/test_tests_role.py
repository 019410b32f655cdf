"""The outputs and permissions for the tests of a deployed stage."""

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

OUTPUTS = {
    f"{function.id}{name}"
    for function in FUNCTIONS
    for name in ("FunctionName", "LogGroupName", "CodeDigest", "LayerDigests")
}
OUTPUTS |= {f"{function.id}{'QueueUrl' if function.feed is QueueSource else 'TopicArn'}" for function in FUNCTIONS}
OUTPUTS.add("Revision")


def read_outputs() -> Iterator[str]:
    """Yield the outputs that tests/integration reads with `deployed.output(...)`."""
    for file in (ROOT / "tests" / "integration").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "output":
                yield from _names(node.args[0])


def _names(argument: ast.expr) -> Iterator[str]:
    """Yield the name of a literal, or of each function for f"{function}Something"."""
    if isinstance(argument, ast.Constant):
        yield str(argument.value)
    if isinstance(argument, ast.JoinedStr):
        end = argument.values[-1]
        assert isinstance(end, ast.Constant)
        yield from (declared.id + str(end.value) for declared in FUNCTIONS)


def missing_outputs(template: Template) -> set[str]:
    """Return the outputs that the tests read and the stack lacks."""
    return set(read_outputs()) - set(template.find_outputs("*"))


def test_the_stack_has_the_outputs_that_its_tests_read(synthesized: Synthesized) -> None:
    """The stack of every environment has the outputs that the tests read."""
    assert missing_outputs(synthesized.dev) == set()
    assert missing_outputs(synthesized.prod) == set()


def test_every_function_has_the_same_outputs(template: Template) -> None:
    """Each function has outputs for its name, log, code, layers and event source."""
    assert set(template.find_outputs("*")) == OUTPUTS | {"StackArn", "TestRoleArn"}


@pytest.mark.gate
def test_a_renamed_output_is_red(template_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A renamed output is found before a deployment."""
    monkeypatch.setattr("stages.catalog.FunctionDeclaration.id", property(lambda self: self.name.title() + "Function"))
    assert "EchoQueueUrl" in missing_outputs(template_of(ServiceOptions()))


def statements(template: Template) -> list[dict[str, Any]]:
    (policy,) = (
        policy["Properties"]["PolicyDocument"]["Statement"]
        for id_, policy in template.find_resources("AWS::IAM::ManagedPolicy").items()
        if id_.startswith("Tester")
    )
    typed: list[dict[str, Any]] = policy
    return typed


def actions(template: Template) -> set[str]:
    """Return the actions that the tests' role allows."""
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
    """The tests' role allows only the tests' actions, all on named resources."""
    assert actions(template) == LOOK_AND_CALL | SEND_AND_FIND
    assert not [statement for statement in statements(template) if statement["Resource"] == "*"]


def test_the_role_of_smoke_tests_cannot_send(changed: Template) -> None:
    """The role of smoke tests cannot send messages."""
    assert actions(changed) == LOOK_AND_CALL


def test_one_build_role_is_trusted(template: Template) -> None:
    """The tests' role trusts only the build's role, not the account."""
    template.has_resource_properties(
        "AWS::IAM::Role",
        {
            "RoleName": "delivery-dev-tests",
            "AssumeRolePolicyDocument": {
                "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": BUILD_ROLE}}]
            },
        },
    )
