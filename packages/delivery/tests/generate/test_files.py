"""Generated files: their paths come from the project's configuration, their content from its assembly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cdk_delivery.errors import WrongUse
from cdk_delivery.generate.files import generated_files, write

FILES = {
    "cdk.schema.json",
    "access/boundary.json",
    "access/create_only.json",
    "access/environment.json",
    "access/environment-resources.json",
    "access/pipeline.json",
    "access/pipeline-resources.json",
    "access/reader.json",
    "pages/costs.md",
    "pages/security.md",
}


def test_every_generated_file_is_written(generated: Path) -> None:
    """All generated files are below the project's root, and none is empty."""
    assert {*generated_files(generated, generated / "cdk.out")} == FILES
    assert all((generated / path).read_text().strip() for path in FILES)


def test_a_project_without_pages_and_prices_has_the_policies_only(tmp_path: Path, generated: Path) -> None:
    """Such a project has the policies and the schema of its settings."""
    (tmp_path / "pyproject.toml").write_text('[tool.delivery]\naccess = "access/"\n')
    files = generated_files(tmp_path, generated / "cdk.out")
    assert {*files} == {path for path in FILES if not path.startswith("pages/")}


def test_a_second_time_nothing_changes(generated: Path) -> None:
    """A second run replaces the tables in pages and changes nothing."""
    before = {path: (generated / path).read_text() for path in FILES}
    write(generated)
    assert {path: (generated / path).read_text() for path in FILES} == before


def test_a_part_of_a_policy_that_is_not_needed_any_more_is_removed(generated: Path) -> None:
    """A stale part of a policy is removed, which `bootstrap` would create; other files are kept."""
    stale, other = generated / "access" / "environment-resources-2.json", generated / "access" / "notes.json"
    for file in (stale, other):
        file.write_text("{}")
    write(generated)
    assert (stale.exists(), other.exists()) == (False, True)
    other.unlink()


def test_the_list_of_replacing_properties_has_the_types_of_the_templates(generated: Path) -> None:
    """The list has only the shop's types: functions, and no queues."""
    found = json.loads((generated / "access" / "create_only.json").read_text())
    assert "FunctionName" in found["AWS::Lambda::Function"]
    assert "AWS::SQS::Queue" not in found


def test_without_an_assembly_nothing_is_generated(tmp_path: Path) -> None:
    """A missing assembly is an error with the command that synthesizes it."""
    with pytest.raises(WrongUse, match=r"there is no assembly in .*cdk\.out; `make synth` writes it"):
        write(tmp_path)
