"""Reading of cloud assemblies, of any CDK app."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rehearsal.errors import WrongUse
from rehearsal.project.assembly_manifest import read_assembly
from rehearsal.project.cloud_assembly import NESTED, PIPELINE, Environment

HOME = "aws://111111111111/eu-west-1"


def pipeline(**names: str | None) -> dict[str, Any]:
    """Return a template with a pipeline for each logical id, with that name."""
    return {id_: {"Type": PIPELINE, "Properties": {"Name": name} if name else {}} for id_, name in names.items()}


def write(
    out: Path, stacks: dict[str, dict[str, Any]], stages: dict[str, dict[str, dict[str, Any]]] | None = None
) -> None:
    """Write an assembly; a stack has resources, and optionally `where`, `needs` and `qualifier`."""
    out.mkdir()
    artifacts: dict[str, Any] = {}
    for name, resources in stacks.items():
        where, needs = resources.pop("where", HOME), resources.pop("needs", [])
        qualifier = resources.pop("qualifier", "hnb659fds")
        (out / f"{name}.json").write_text(json.dumps({"Resources": resources}))
        parameter = f"/cdk-bootstrap/{qualifier}/version"
        properties = {"templateFile": f"{name}.json", "bootstrapStackVersionSsmParameter": parameter}
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "environment": where,
            "dependencies": needs,
            "properties": properties,
        }
    for name, nested in (stages or {}).items():
        write(out / name, nested)
        artifacts[name] = {"type": "cdk:cloud-assembly", "properties": {"directoryName": name}}
    (out / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))


def test_of_several_pipelines_one_has_to_be_chosen(tmp_path: Path) -> None:
    """Several pipelines without `--pipeline`, or an ambiguous or unknown name, are errors that list the pipelines."""
    write(tmp_path / "out", {"One": pipeline(P=None), "Two": pipeline(Q="second", R=None)})
    with pytest.raises(WrongUse, match="found: One, Two/Q, Two/R; choose one with --pipeline"):
        read_assembly(tmp_path / "out")
    with pytest.raises(WrongUse, match="--pipeline Three: no pipelines are called so; there are One, Two/Q, Two/R"):
        read_assembly(tmp_path / "out", "Three")
    with pytest.raises(WrongUse, match="--pipeline Two: 2 pipelines are called so"):
        read_assembly(tmp_path / "out", "Two")


@pytest.mark.parametrize(("name", "chosen"), [("One", "P"), ("P", "P"), ("second", "Q"), ("Two/R", "R"), ("Q", "Q")])
def test_a_pipeline_is_called_by_its_stack_its_name_or_its_id(name: str, chosen: str, tmp_path: Path) -> None:
    """`--pipeline` accepts the stack, the name, the logical id, and the stack with the id."""
    write(tmp_path / "out", {"One": pipeline(P=None), "Two": pipeline(Q="second", R=None)})
    assert read_assembly(tmp_path / "out", name).pipeline.id == chosen


def test_a_pipeline_of_a_stage_is_taken_where_the_app_itself_has_none(tmp_path: Path) -> None:
    """A pipeline of the app is preferred to a pipeline of a stage, which it may deploy."""
    write(tmp_path / "both", {"Own": pipeline(P=None)}, {"Dev": {"Dev-Inner": pipeline(Q=None)}})
    assert read_assembly(tmp_path / "both").pipeline_stack.name == "Own"
    write(tmp_path / "staged", {}, {"Tools": {"Tools-Inner": pipeline(Q=None)}})
    assert read_assembly(tmp_path / "staged").pipeline_stack.name == "Tools-Inner"


def test_stacks_without_an_environment_go_to_the_default_one(tmp_path: Path) -> None:
    """Stacks without account or region get the default ones, as with `cdk deploy`."""
    agnostic = {"where": "aws://unknown-account/unknown-region"}
    write(
        tmp_path / "out",
        {"P": pipeline(P=None) | agnostic},
        {"Dev": {"Dev-A": {"where": "aws://unknown-account/eu-west-3"}}},
    )
    cloud = read_assembly(tmp_path / "out", default=("777777777777", "eu-north-1"))
    assert cloud.environments == [Environment("777777777777", "eu-north-1"), Environment("777777777777", "eu-west-3")]


def test_environments_of_the_pipeline_are_bootstrapped(tmp_path: Path) -> None:
    """The environments are the pipeline's, its support stacks' and all stages', but not those of unrelated stacks."""
    own = pipeline(P=None) | {"needs": ["Support", "P.assets"]}
    support, sandbox = {"where": "aws://111111111111/us-east-1"}, {"where": "aws://999999999999/eu-west-1"}
    prod = {"where": "aws://333333333333/eu-west-1", "qualifier": "mine"}
    write(tmp_path / "out", {"P": own, "Support": support, "Sandbox": sandbox}, {"Prod": {"Prod-A": prod}})
    assert list(map(str, read_assembly(tmp_path / "out").environments)) == [
        "111111111111/eu-west-1",
        "111111111111/us-east-1",
        "333333333333/eu-west-1 (mine)",
    ]


def test_a_pipeline_in_a_nested_stack_is_found(tmp_path: Path) -> None:
    """A pipeline in a nested stack's template is found, with the logical ids of the stacks around it."""
    nested = {"Type": NESTED, "Metadata": {"aws:asset:path": "inner.nested.template.json"}}
    write(tmp_path / "out", {"Top": {"Inner": nested}})
    (tmp_path / "out" / "inner.nested.template.json").write_text(json.dumps({"Resources": pipeline(P="delivery")}))
    chosen = read_assembly(tmp_path / "out").pipeline
    assert (chosen.stack.id, chosen.nested, chosen.id) == ("Top", ("Inner",), "P")
    assert "delivery" in chosen.names


@pytest.mark.parametrize(("name", "source"), [("orders", "orders"), (None, '{"Fn::GetAtt": ["Repository", "Name"]}')])
def test_a_source_can_have_the_name_of_a_repository_in_the_stack(name: str | None, source: str, tmp_path: Path) -> None:
    """The name of a source that refers to a CodeCommit repository is resolved, for `sources` in rehearsal.toml."""
    action = {"Name": {"Fn::GetAtt": ["Repository", "Name"]}, "Configuration": {"BranchName": "main"}}
    resources = pipeline(P=None) | {
        "Repository": {"Type": "AWS::CodeCommit::Repository", "Properties": {"RepositoryName": name} if name else {}}
    }
    resources["P"]["Properties"]["Stages"] = [{"Name": "Source", "Actions": [action]}]
    write(tmp_path / "out", {"One": resources})
    assert read_assembly(tmp_path / "out").pipeline.branches == [(source, "main")]
