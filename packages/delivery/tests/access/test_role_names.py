"""The policy of an environment covers the roles of its stacks, whatever their names are."""

from __future__ import annotations

import json
from pathlib import Path

from aws_cdk import DefaultStackSynthesizer

from cdk_delivery.access.role_names import QUALIFIER, environment_role_names
from tests.assemblies import write_stage


def assembly(folder: Path, **stages: list[str]) -> Path:
    """Return an assembly whose stages have stacks of these names."""
    for stage, names in stages.items():
        nested = write_stage(folder, f"assembly-Pipeline-{stage}")
        (nested / "template.json").write_text("{}")
        artifacts = {name: stack(name) for name in names} | {"Assets": {"type": "cdk:asset-manifest"}}
        (nested / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return folder


def stack(name: str) -> dict[str, object]:
    properties = {"stackName": name, "templateFile": "template.json", "lookupRole": {"arn": "role"}}
    return {
        "type": "aws:cloudformation:stack",
        "environment": "aws://222222222222/eu-west-1",
        "properties": properties,
    }


def test_each_stack_of_a_stage_has_a_pattern(tmp_path: Path) -> None:
    """One pattern covers all environments, since only the stage's name differs; tests have a separate role."""
    stages = {"Dev": ["Dev-Shop", "Dev-Shop-Data"], "Prod": ["Prod-Shop", "Prod-Shop-Data"]}
    assert environment_role_names(assembly(tmp_path, **stages)) == ["*-Shop-*", "*-Shop-Data-*", "*-tests"]


def test_a_stack_that_one_environment_has_counts_too(tmp_path: Path) -> None:
    """The policy has the stacks of every environment, since all accounts get the same policy."""
    found = environment_role_names(assembly(tmp_path, Dev=["Dev-Shop", "Dev-Samples"], Prod=["Prod-Shop"]))
    assert found == ["*-Samples-*", "*-Shop-*", "*-tests"]


def test_the_qualifier_is_the_one_that_cdk_bootstraps_with() -> None:
    """The commands know it without CDK, which takes seconds to import."""
    assert QUALIFIER == DefaultStackSynthesizer.DEFAULT_QUALIFIER
