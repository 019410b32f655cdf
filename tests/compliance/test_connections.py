"""What a template connects can work, and no message is lost."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cdk_delivery.compliance.__main__ import main
from cdk_delivery.compliance.assembly import PACKS
from cdk_delivery.compliance.connections import faults
from cdk_delivery.compliance.template import Template
from tests.synthesized import Synthesized

Plant = Callable[[dict[str, Any]], None]


def of(template: dict[str, Any], kind: str, beginning: str = "") -> dict[str, Any]:
    """The properties of the one resource of this type whose logical id begins so."""
    (found,) = (
        resource["Properties"]
        for id_, resource in template["Resources"].items()
        if resource["Type"] == kind and id_.startswith(beginning)
    )
    properties: dict[str, Any] = found
    return properties


def without_receive(template: dict[str, Any]) -> None:
    """The role of echo may no longer receive."""
    for statement in of(template, "AWS::IAM::ManagedPolicy", "EchoPolicy")["PolicyDocument"]["Statement"]:
        if "sqs:ReceiveMessage" in statement["Action"]:
            statement["Action"].remove("sqs:ReceiveMessage")


def receive_elsewhere(template: dict[str, Any]) -> None:
    """The role of echo may receive from another queue than the one that feeds it."""
    for statement in of(template, "AWS::IAM::ManagedPolicy", "EchoPolicy")["PolicyDocument"]["Statement"]:
        if "sqs:ReceiveMessage" in statement["Action"]:
            statement["Resource"] = "arn:aws:sqs:eu-west-1:222222222222:another"


def without_the_key(template: dict[str, Any]) -> None:
    """The role of echo may receive, but not read what is encrypted."""
    statements = of(template, "AWS::IAM::ManagedPolicy", "EchoPolicy")["PolicyDocument"]["Statement"]
    statements[:] = [statement for statement in statements if "kms:Decrypt" not in statement["Action"]]


def queue_without_dead_letters(template: dict[str, Any]) -> None:
    """A message that always fails is handed out for days."""
    del of(template, "AWS::SQS::Queue", "EchoFeedQueue")["RedrivePolicy"]


def subscription_without_dead_letters(template: dict[str, Any]) -> None:
    """What cannot be delivered is gone."""
    del of(template, "AWS::SNS::Subscription")["RedrivePolicy"]


@pytest.fixture
def assembly(synthesized: Synthesized, tmp_path: Path) -> Callable[[Plant], Path]:
    """Makes a copy of the assembly, with a fault planted in the template of dev, and with a report of no findings."""
    report = {"pluginReports": [{"pluginName": each, "violations": []} for each in PACKS]}

    def planted(plant: Plant) -> Path:
        for file in [*synthesized.folder.rglob("*.json")]:
            copy = tmp_path / file.relative_to(synthesized.folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            text = file.read_text()
            if "Dev" in file.parent.name and file.name.endswith(".template.json"):
                template = json.loads(text)
                plant(template)
                text = json.dumps(template)
            copy.write_text(text)
        (tmp_path / "validation-report.json").write_text(json.dumps(report))
        return tmp_path

    return planted


def test_the_assembly_as_it_is_has_no_fault(synthesized: Synthesized) -> None:
    """In any of its templates."""
    assert [fault for template in synthesized.assembly.templates() for fault in faults(template)] == []


@pytest.mark.gate
@pytest.mark.parametrize(
    ("plant", "says"),
    [
        (without_receive, "may not sqs:ReceiveMessage on EchoFeedQueue"),
        (receive_elsewhere, "may not sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes on EchoFeedQueue"),
        (without_the_key, "may not kms:Decrypt with Key"),
        (queue_without_dead_letters, "a queue without a dead-letter queue"),
        (subscription_without_dead_letters, "a subscription of a function without a dead-letter queue"),
    ],
)
def test_a_planted_fault_is_red(
    assembly: Callable[[Plant], Path], plant: Plant, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`python -m cdk_delivery.compliance` names the template, the resource and what is wrong, and ends with 1."""
    assert main([str(assembly(plant))]) == 1
    said = capsys.readouterr().err
    assert says in said
    assert "compliance: PipelineDevEcho" in said


def test_a_queue_without_properties_is_read() -> None:
    """As CDK writes `sqs.Queue(self, "Queue")`; what feeds a function from it is looked at all the same."""
    mapping = {"EventSourceArn": {"Fn::GetAtt": ["Q", "Arn"]}, "FunctionName": {"Ref": "F"}}
    resources: dict[str, dict[str, Any]] = {
        "Q": {"Type": "AWS::SQS::Queue"},
        "R": {"Type": "AWS::IAM::Role"},
        "F": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["R", "Arn"]}}},
        "M": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping},
    }
    found = faults(Template("T", resources))
    assert [each for each in found if "the role R may not sqs:ReceiveMessage" in each]


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
    """One action or several, with wildcards, on one resource or any."""
    role = a_role(Policies=[{"PolicyDocument": {"Statement": [written]}}])
    assert role.allows("Role", "sqs:ReceiveMessage", "Q") is allowed
