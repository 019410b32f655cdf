"""A stack with types that the embedded AWS lacks: its error accepts everything that the build's assembly needs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ministack.services import cloudformation

from rehearsal.emulator.cloudformation.unsupported_types import UnsupportedTypes
from rehearsal.emulator.ministack.corrections import services
from rehearsal.emulator.ministack.patches import correct
from rehearsal.workspace.acceptances import Accepted
from rehearsal.workspace.supported import Supported

REFUSED = "Template format error: Unrecognized resource types: [AWS::A::Thing]"
SUPPORTED = Supported(frozenset({"AWS::SNS::Topic", "AWS::CodePipeline::Pipeline"}), frozenset({"Source/S3"}))
PIPELINE = {
    "Stages": [
        {"Name": "Source", "Actions": [{"Name": "Code", "ActionTypeId": {"Category": "Source", "Provider": "S3"}}]},
        {"Name": "Ship", "Actions": [{"Name": "Ship", "ActionTypeId": {"Category": "Deploy", "Provider": "ECS"}}]},
    ]
}


@pytest.fixture(autouse=True)
def _no_stacks(as_it_comes: None) -> Iterator[None]:
    yield
    cloudformation._stacks.clear()
    cloudformation._change_sets.clear()


def template(*types: str, **more: Any) -> dict[str, Any]:
    return {"Resources": {**{f"R{number}": {"Type": type_} for number, type_ in enumerate(types)}, **more}}


def write_assembly(folder: Path, **templates: dict[str, Any]) -> None:
    """A cloud assembly that has a stack for each template."""
    folder.mkdir(parents=True)
    artifacts = {
        name: {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": {"templateFile": f"{name}.json"},
        }
        for name in templates
    }
    (folder / "cdk.out").write_text('{"version": "36.0.0"}')
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    for name, content in templates.items():
        (folder / f"{name}.json").write_text(json.dumps(content))


def answer(operation: str = "CreateChangeSet") -> str:
    """The answer to the deployment of the stack Api, which has a topic and a thing."""
    body = json.dumps(template("AWS::SNS::Topic", "AWS::A::Thing"))
    params = {"StackName": "Api", "TemplateBody": body, "ChangeSetName": "c", "ChangeSetType": "CREATE"}
    content: bytes = cloudformation._ACTION_HANDLERS[operation](params)[2]
    return content.decode()


def explain(builds: Path, accepted: Accepted | None = None) -> None:
    unsupported = UnsupportedTypes(builds, lambda: SUPPORTED, lambda: accepted or Accepted())
    correct(services.UNSUPPORTED_TYPES, owners=[unsupported])


def test_ministack_does_not_say_how_to_continue(tmp_path: Path) -> None:
    """The fault: only the types. Then each operation says which command continues."""
    assert REFUSED in answer()
    assert "--accept" not in answer()
    explain(tmp_path)
    for operation in ("CreateStack", "CreateChangeSet"):
        assert f"{REFUSED}; `rehearse run --accept AWS::A::Thing` continues" in answer(operation)


def test_the_command_accepts_what_the_other_stacks_of_the_assembly_need(tmp_path: Path) -> None:
    """The first stack that a build deploys names the types and providers of all, also those of a CDK stage."""
    sources = tmp_path / "b1" / "src123" / "src"
    pipeline = {"Type": "AWS::CodePipeline::Pipeline", "Properties": PIPELINE}
    write_assembly(
        sources / "infra" / "cdk.out",
        Api=template("AWS::SNS::Topic", "AWS::A::Thing"),
        Later=template("AWS::B::Thing", "Custom::Thing", Pipeline=pipeline),
    )
    write_assembly(sources / "infra" / "cdk.out" / "assembly-Prod", Prod=template("AWS::C::Thing"))
    manifest = sources / "infra" / "cdk.out" / "manifest.json"
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}
    manifest.write_text(json.dumps({"artifacts": {**json.loads(manifest.read_text())["artifacts"], "Prod": stage}}))
    explain(tmp_path)
    options = "--accept AWS::A::Thing --accept AWS::B::Thing --accept AWS::C::Thing --accept ECS"
    assert f"{REFUSED}; its assembly also has AWS::B::Thing, AWS::C::Thing, ECS; `rehearse run {options}`" in answer()


def test_what_is_accepted_is_not_named_again(tmp_path: Path) -> None:
    """Of the other stacks: the names of the line are those that the run lacks."""
    write_assembly(tmp_path / "b1" / "src1" / "src" / "cdk.out", Api=template("AWS::A::Thing", "AWS::B::Thing"))
    explain(tmp_path, Accepted.from_names(["AWS::B::Thing"]))
    assert "`rehearse run --accept AWS::A::Thing` continues" in answer()


def test_only_the_newest_assembly_with_the_stack_counts(tmp_path: Path) -> None:
    """Assemblies of other apps, in installed packages, and of earlier builds say nothing about this deployment."""
    new, old = tmp_path / "b2" / "src1" / "src", tmp_path / "b1" / "src1" / "src"
    write_assembly(old / "cdk.out", Api=template("AWS::Old::Thing"))
    write_assembly(new / "cdk.out", Api=template("AWS::New::Thing"))
    write_assembly(new / "other", Other=template("AWS::Other::Thing"))
    write_assembly(new / "node_modules" / "cdk.out", Api=template("AWS::Package::Thing"))
    (new / "public").mkdir()
    (new / "public" / "manifest.json").write_text('{"name": "a web application"}')
    os.utime(old / "cdk.out" / "manifest.json", (0, 0))
    explain(tmp_path)
    assert re.findall(r"--accept ([\w:]+)", answer()) == ["AWS::A::Thing", "AWS::New::Thing"]


@pytest.mark.parametrize("file", ["Later.json", "manifest.json"])
def test_an_assembly_without_some_files_adds_nothing(tmp_path: Path, file: str) -> None:
    """A damaged assembly leaves the types of the stack itself."""
    folder = tmp_path / "b1" / "src1" / "src" / "cdk.out"
    write_assembly(folder, Api=template("AWS::A::Thing"), Later=template("AWS::B::Thing"))
    (folder / file).write_text("{")
    explain(tmp_path)
    assert f"{REFUSED}; `rehearse run --accept AWS::A::Thing` continues" in answer()


def test_another_error_stays_as_it_is(tmp_path: Path) -> None:
    """Only the refusal of types is explained."""
    explain(tmp_path)
    params = {"StackName": "Api", "TemplateBody": "{", "ChangeSetName": "c", "ChangeSetType": "CREATE"}
    assert b"rehearse run" not in cloudformation._ACTION_HANDLERS["CreateChangeSet"](params)[2]
