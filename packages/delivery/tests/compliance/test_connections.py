"""The checks of connections in a template: missing permissions and missing dead-letter queues."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from cdk_delivery.cloud_assembly import Resource
from cdk_delivery.compliance.__main__ import main
from cdk_delivery.compliance.assembly import PACKS
from cdk_delivery.compliance.connections import faults
from cdk_delivery.compliance.template import Template
from tests.assemblies import write_stage

Plant = Callable[[dict[str, Any]], None]


QUEUE_ARN, KEY_ARN = {"Fn::GetAtt": ["Queue", "Arn"]}, {"Fn::GetAtt": ["Key", "Arn"]}
POLLING = {
    "Effect": "Allow",
    "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
    "Resource": QUEUE_ARN,
}
DECRYPTING = {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": KEY_ARN}
DEAD_LETTERS = {"deadLetterTargetArn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def connected() -> dict[str, Any]:
    """Return an app where a queue and a topic invoke one function by its alias."""
    policy = {"PolicyDocument": {"Statement": [deepcopy(POLLING), DECRYPTING]}}
    return {
        "Key": resource("KMS::Key"),
        "DeadLetters": resource("SQS::Queue", KmsMasterKeyId=KEY_ARN),
        "Queue": resource("SQS::Queue", KmsMasterKeyId=KEY_ARN, RedrivePolicy=DEAD_LETTERS),
        "Policy": resource("IAM::ManagedPolicy", **policy),
        "Role": resource("IAM::Role", ManagedPolicyArns=[{"Ref": "Policy"}]),
        "Function": resource("Lambda::Function", Role={"Fn::GetAtt": ["Role", "Arn"]}),
        "Live": resource("Lambda::Alias", FunctionName={"Ref": "Function"}),
        "Mapping": resource("Lambda::EventSourceMapping", EventSourceArn=QUEUE_ARN, FunctionName={"Ref": "Live"}),
        "Subscription": resource("SNS::Subscription", Protocol="lambda", RedrivePolicy=DEAD_LETTERS),
    }


def statements(resources: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = resources["Policy"]["Properties"]["PolicyDocument"]["Statement"]
    return found


def without_receive(resources: dict[str, Any]) -> None:
    """Remove sqs:ReceiveMessage from the function's role."""
    statements(resources)[0]["Action"].remove("sqs:ReceiveMessage")


def receive_elsewhere(resources: dict[str, Any]) -> None:
    """Allow receiving from another queue than the one that invokes the function."""
    statements(resources)[0]["Resource"] = "arn:aws:sqs:eu-west-1:222222222222:another"


def without_the_key(resources: dict[str, Any]) -> None:
    """Remove the permission to decrypt the queue's messages."""
    del statements(resources)[1]


def queue_without_dead_letters(resources: dict[str, Any]) -> None:
    """Remove the queue's dead-letter queue, so that a failing message returns for days."""
    del resources["Queue"]["Properties"]["RedrivePolicy"]


def subscription_without_dead_letters(resources: dict[str, Any]) -> None:
    """Remove the subscription's dead-letter queue, so that undelivered messages are lost."""
    del resources["Subscription"]["Properties"]["RedrivePolicy"]


@pytest.fixture
def assembly(tmp_path: Path) -> Callable[[Plant], Path]:
    """Return a function that writes an assembly of the connected resources, with a planted fault and no findings."""
    report = {"pluginReports": [{"pluginName": pack, "violations": []} for pack in PACKS]}
    (tmp_path / "validation-report.json").write_text(json.dumps(report))

    def planted(plant: Plant) -> Path:
        resources = connected()
        plant(resources)
        write_stage(tmp_path, "assembly-Pipeline-Dev", PipelineDevShop=resources)
        return tmp_path

    return planted


def test_correct_connections_have_no_fault(assembly: Callable[[Plant], Path]) -> None:
    """An assembly without a planted fault has no finding, so that each test below finds its own."""
    assert main([str(assembly(lambda _: None))]) == 0


@pytest.mark.gate
@pytest.mark.parametrize(
    ("plant", "says"),
    [
        (without_receive, "may not sqs:ReceiveMessage on Queue"),
        (receive_elsewhere, "may not sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes on Queue"),
        (without_the_key, "may not kms:Decrypt with Key"),
        (queue_without_dead_letters, "a queue without a dead-letter queue"),
        (subscription_without_dead_letters, "a subscription of a function without a dead-letter queue"),
    ],
)
def test_a_planted_fault_is_red(
    assembly: Callable[[Plant], Path], plant: Plant, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`python -m cdk_delivery.compliance` names template, resource and fault, and exits with 1."""
    assert main([str(assembly(plant))]) == 1
    said = capsys.readouterr().err
    assert says in said
    assert "compliance: PipelineDevShop" in said


def test_a_queue_without_properties_is_read() -> None:
    """A queue without properties, as CDK writes `sqs.Queue(self, "Queue")`, is checked as well."""
    mapping = {"EventSourceArn": {"Fn::GetAtt": ["Q", "Arn"]}, "FunctionName": {"Ref": "F"}}
    resources: dict[str, Resource] = {
        "Q": {"Type": "AWS::SQS::Queue"},
        "R": {"Type": "AWS::IAM::Role"},
        "F": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["R", "Arn"]}}},
        "M": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping},
    }
    found = faults(Template("T", resources))
    assert [fault for fault in found if "the role R may not sqs:ReceiveMessage" in fault]


def a_role(**properties: Any) -> Template:
    return Template("T", {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}, "Q": {"Type": "Q"}})


def statement(action: str, resource: Any, effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource}


@pytest.mark.parametrize(
    ("written", "allowed"),
    [
        (statement("sqs:*", {"Fn::GetAtt": ["Q", "Arn"]}), True),
        (statement("sqs:ReceiveMessage", "*"), True),
        (statement("sqs:ReceiveMessage", {"Fn::GetAtt": ["Role", "Arn"]}), False),
        (statement("sqs:SendMessage", {"Fn::GetAtt": ["Q", "Arn"]}), False),
        (statement("sqs:*", {"Fn::GetAtt": ["Q", "Arn"]}, effect="Deny"), False),
    ],
)
def test_statements_are_read_as_iam_reads_them(written: dict[str, Any], *, allowed: bool) -> None:
    """Statements match with one action or several, with wildcards, on one resource or any."""
    role = a_role(Policies=[{"PolicyDocument": {"Statement": [written]}}])
    assert role.allows("Role", "sqs:ReceiveMessage", "Q") is allowed
