"""Unsupported parts of an app are listed together, with the options that accept them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rehearsal.deploy.unsupported_parts_check import check_parts, report_other_stacks
from rehearsal.errors import WrongUse
from rehearsal.project.assembly_manifest import read_assembly
from rehearsal.project.cloud_assembly import Assembly
from rehearsal.workspace.acceptances import Accepted
from rehearsal.workspace.supported import Supported

SUPPORTED = Supported(
    frozenset({"AWS::CodePipeline::Pipeline", "AWS::CloudFormation::Stack", "AWS::S3::Bucket"}),
    frozenset({"Source/S3", "Build/CodeBuild"}),
)


def action(category: str, provider: str) -> dict[str, Any]:
    """Return an action, in the form of a template."""
    return {"Name": provider, "ActionTypeId": {"Category": category, "Provider": provider}}


def assembly(folder: Path, **resources: str) -> Assembly:
    """Return an app with a pipeline, resources of the given types, and a nested stack with one more resource."""
    rule = {"Name": "Window", "RuleTypeId": {"Category": "Rule", "Provider": "DeploymentWindow"}}
    stage = {
        "Name": "Ship",
        "BeforeEntry": {"Conditions": [{"Rules": [rule]}]},
        "Actions": [action("Build", "CodeBuild"), action("Deploy", "ECS")],
    }
    pipeline = {"Type": "AWS::CodePipeline::Pipeline", "Properties": {"Stages": [stage]}}
    nested = {"Type": "AWS::CloudFormation::Stack", "Metadata": {"aws:asset:path": "nested.template.json"}}
    made = {id_: {"Type": type_} for id_, type_ in resources.items()}
    folder.mkdir(exist_ok=True)
    templates = {
        "top.template.json": {"Resources": {"Pipeline": pipeline, "Nested": nested, **made}},
        "nested.template.json": {"Resources": {"Inner": {"Type": "AWS::Inner::Thing"}}},
    }
    for name, template in templates.items():
        (folder / name).write_text(json.dumps(template))
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://111111111111/eu-west-1",
        "properties": {"templateFile": "top.template.json"},
    }
    (folder / "manifest.json").write_text(json.dumps({"artifacts": {"Top": stack}}))
    return read_assembly(folder)


def test_everything_unknown_is_named_once_with_one_line(tmp_path: Path) -> None:
    """Unsupported types of all stacks and providers are listed with their places and the options that accept them."""
    cloud = assembly(tmp_path, **{f"Thing{number}": "AWS::Some::Thing" for number in range(5)}, Own="Custom::Own")
    with pytest.raises(WrongUse) as refused:
        check_parts(cloud, SUPPORTED, Accepted())
    first, *parts, line = str(refused.value).splitlines()
    assert first == "the app has parts that cannot be rehearsed:"
    assert parts == [
        "  AWS::Inner::Thing: Top/Inner",
        "  AWS::Some::Thing: Top/Thing0, Top/Thing1, Top/Thing2 and 2 more",
        "  DeploymentWindow: Ship/Window",
        "  ECS: Ship/ECS",
    ]
    options = "--accept AWS::Inner::Thing --accept AWS::Some::Thing --accept DeploymentWindow --accept ECS"
    assert f"`run {options}` continues" in line
    assert 'accept = ["AWS::Inner::Thing", "AWS::Some::Thing", "DeploymentWindow", "ECS"]' in line


def test_accepted_and_supported_parts_pass(tmp_path: Path) -> None:
    """Parts that are supported or accepted by name pass, and so do custom resources."""
    cloud = assembly(tmp_path, Bucket="AWS::S3::Bucket", Own="Custom::Own")
    names = ["AWS::Inner::Thing", "DeploymentWindow", "Deploy/ECS"]
    check_parts(cloud, SUPPORTED, Accepted.from_names(names))
    with pytest.raises(WrongUse, match="ECS"):
        check_parts(cloud, SUPPORTED, Accepted.from_names(names[:2]))


def test_a_template_that_is_transformed_is_not_judged(tmp_path: Path) -> None:
    """Types of a template with a transform are not checked, because the transform may replace them."""
    cloud = assembly(tmp_path)
    template = tmp_path / "nested.template.json"
    template.write_text(json.dumps({"Transform": "Other", **json.loads(template.read_text())}))
    check_parts(cloud, SUPPORTED, Accepted.from_names(["DeploymentWindow", "ECS"]))
    assert [stack.name for stack in cloud.stacks] == ["Top"]


def test_a_stack_that_only_a_build_deploys_is_reported(tmp_path: Path) -> None:
    """Its unsupported types do not stop the run; a note has the command that accepts them."""
    assembly(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    other = {**manifest["artifacts"]["Top"], "properties": {"templateFile": "other.template.json"}}
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {**manifest["artifacts"], "Other": other}}))
    (tmp_path / "other.template.json").write_text(json.dumps({"Resources": {"Thing": {"Type": "AWS::Some::Thing"}}}))
    cloud, notes = read_assembly(tmp_path), list[str]()
    check_parts(cloud, SUPPORTED, Accepted.from_names(["AWS::Inner::Thing", "DeploymentWindow", "ECS"]))
    report_other_stacks(cloud, SUPPORTED, Accepted(), notes.append)
    (note,) = notes
    assert note.startswith("stacks that no action deploys have AWS::Some::Thing: where a build deploys them, `rehearse")
    assert "`rehearse run --accept AWS::Some::Thing` continues" in note
    report_other_stacks(cloud, SUPPORTED, Accepted.from_names(["AWS::Some::Thing"]), notes.append)
    assert len(notes) == 1
