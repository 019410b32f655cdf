"""The synthesized templates are the recorded ones, resource by resource."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.upgrade import templates
from tests.upgrade.settings import SETTINGS

AGAIN = "if this is intended, record it: python tests/upgrade/record.py templates"


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    return templates.record()


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS)
def test_templates_are_the_recorded_ones(setting: str, record: dict[str, Any], tmp_path: Path) -> None:
    """No resource, output or parameter of any template is added, removed or changed."""
    report = templates.compare(record[setting], templates.synthesize(setting, tmp_path / "cdk.out"))
    assert not report, "\n".join([*report, AGAIN])


@pytest.fixture
def pipeline(record: dict[str, Any]) -> dict[str, Any]:
    """A copy of the recorded templates for the settings of cdk.json, which a test may change."""
    return deepcopy(record["cdk.json"])


def test_a_renamed_logical_id_is_reported(record: dict[str, Any], pipeline: dict[str, Any]) -> None:
    """The report names the removed and the added logical id with their file."""
    resources = pipeline["Pipeline.template.json"]["Resources"]
    id_ = min(resources)
    resources["Renamed"] = resources.pop(id_)
    assert templates.compare(record["cdk.json"], pipeline) == [
        f"removed: Pipeline.template.json/Resources/{id_}",
        "added: Pipeline.template.json/Resources/Renamed",
    ]


def test_a_changed_property_is_reported_with_both_values(record: dict[str, Any], pipeline: dict[str, Any]) -> None:
    """The report names the logical id and shows the old and the new line."""
    resources = pipeline["Pipeline.template.json"]["Resources"]
    (id_,) = (id_ for id_, body in resources.items() if body["Type"] == "AWS::CodePipeline::Pipeline")
    resources[id_]["Properties"]["ExecutionMode"] = "PARALLEL"
    (report,) = templates.compare(record["cdk.json"], pipeline)
    first, *diff = report.splitlines()
    assert first == f"changed: Pipeline.template.json/Resources/{id_}"
    assert [line.split() for line in diff if '"ExecutionMode"' in line] == [
        ["-", '"ExecutionMode":', '"SUPERSEDED",'],
        ["+", '"ExecutionMode":', '"PARALLEL",'],
    ]


def test_a_changed_command_of_a_buildspec_is_shown_by_itself(record: dict[str, Any], pipeline: dict[str, Any]) -> None:
    """A buildspec is one string of the template; the report shows the line of it that changed."""
    resources = pipeline["Pipeline.template.json"]["Resources"]
    (source,) = (
        body["Properties"]["Source"]
        for body in resources.values()
        if body["Type"] == "AWS::CodeBuild::Project" and body["Properties"].get("Name") == "echo-delivery-synth"
    )
    source["BuildSpec"] = source["BuildSpec"].replace("make layers", "make other")
    (report,) = templates.compare(record["cdk.json"], pipeline)
    changed = [line.strip() for line in report.splitlines() if line.strip()[0] in "+-" and "make" in line]
    assert len(changed) == 2
    assert "make layers" in changed[0]
    assert "make other" in changed[1]
    assert "make setup" not in changed[0]


@pytest.mark.parametrize("key", ["DeletionPolicy", "UpdateReplacePolicy", "DependsOn"])
def test_a_removed_attribute_is_reported(record: dict[str, Any], pipeline: dict[str, Any], key: str) -> None:
    """Attributes other than the properties are compared as well."""
    resources = [body for template in pipeline.values() for body in template.get("Resources", {}).values()]
    next(body for body in resources if key in body).pop(key)
    (report,) = templates.compare(record["cdk.json"], pipeline)
    assert any(line.split()[:2] == ["-", f'"{key}":'] for line in report.splitlines())


def test_a_missing_template_and_a_missing_output_are_reported(record: dict[str, Any], pipeline: dict[str, Any]) -> None:
    """Whole files and the outputs of a stack are compared as well."""
    file = next(name for name in sorted(pipeline) if "Dev" in name)
    output = min(pipeline[file]["Outputs"])
    del pipeline[file]["Outputs"][output], pipeline["Pipeline.template.json"]
    assert templates.compare(record["cdk.json"], pipeline) == [
        "removed: Pipeline.template.json",
        f"removed: {file}/Outputs/{output}",
    ]


def test_digests_of_assets_and_the_revision_are_masked() -> None:
    """Code, layers and the pushed revision may differ; other text is compared as it is."""
    digest, version = "0a" * 32, "0b" * 16
    text = f"{digest}.zip {digest}:222222222222-eu-west-1-0a0a0a0a {templates.REVISION} CurrentVersion1234ABCD{version}"
    masked = "<digest>.zip <digest>:222222222222-eu-west-1-<digest> <revision> CurrentVersion1234ABCD<version>"
    assert templates.mask(f"{text} make synth") == f"{masked} make synth"
