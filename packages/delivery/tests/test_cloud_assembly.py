"""Stacks of an assembly: only the ones in a manifest count, not assets or leftovers of earlier syntheses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cdk_delivery.cloud_assembly import stack_artifacts, template_files
from cdk_delivery.compliance.assembly import Assembly
from cdk_delivery.gates import templates
from cdk_delivery.generate.files import resource_types
from cdk_delivery.quotas import quota_usages
from tests.assemblies import write_assembly, write_stage

QUEUE = {"Queue": {"Type": "AWS::SQS::Queue"}}


@pytest.fixture
def cluttered(tmp_path: Path) -> Path:
    """A good assembly, with a function's asset and the leftover of a renamed stack."""
    folder = write_assembly(tmp_path / "cdk.out", Pipeline=QUEUE)
    write_stage(folder, "assembly-Dev", Shop=QUEUE)
    asset = folder / "asset.0123"
    asset.mkdir()
    (asset / "welcome.template.json").write_text('{"Template": {"TemplateName": "w"}}')
    (asset / "model.metadata.json").write_text("[1, 2]")
    (folder / "Old.template.json").write_text('{"Resources": {"Gone": {"Type": "AWS::SNS::Topic"}}}')
    (folder / "Old.metadata.json").write_text("[]")
    (folder / "assembly-Old").mkdir()
    (folder / "assembly-Old" / "Old.template.json").write_text("{}")
    return folder


@pytest.mark.gate
@pytest.mark.parametrize(
    "read",
    [
        lambda folder: [use.what for use in quota_usages(folder)],
        lambda folder: [template.name for template in Assembly(folder).templates()],
        lambda folder: Assembly(folder).acknowledged(),
        resource_types,
        lambda folder: templates.main(folder.parent),
    ],
    ids=["quotas", "connections", "acknowledgements", "generate", "cfn-lint"],
)
def test_a_file_that_is_only_named_like_a_template_is_ignored(
    cluttered: Path, read: Callable[[Path], object], tmp_path: Path
) -> None:
    """Assets with a template's file name, and files of a renamed stack, are ignored."""
    clean = write_assembly(tmp_path / "clean" / "cdk.out", Pipeline=QUEUE)
    write_stage(clean, "assembly-Dev", Shop=QUEUE)
    assert read(cluttered) == read(clean)


def test_stacks_of_stages_come_after_those_of_the_app(cluttered: Path) -> None:
    """Each stack has the name of its nested assembly."""
    assert [(stack.assembly, stack.template.name) for stack in stack_artifacts(cluttered)] == [
        ("", "Pipeline.template.json"),
        ("assembly-Dev", "Shop.template.json"),
    ]


def test_the_template_of_a_nested_stack_is_found(tmp_path: Path) -> None:
    """A nested stack's template is found through the asset path in its parent."""
    nested = {"Type": "AWS::CloudFormation::Stack", "Metadata": {"aws:asset:path": "Inner.nested.template.json"}}
    folder = write_assembly(tmp_path, Outer={"Inner": nested})
    (folder / "Inner.nested.template.json").write_text(json.dumps({"Resources": QUEUE}))
    assert [file.name for file in template_files(folder)] == ["Outer.template.json", "Inner.nested.template.json"]
