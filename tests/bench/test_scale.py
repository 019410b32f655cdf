"""docs/scale.md, written by `python -m bench.scale --docs`: its form, and its machine-independent figures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from aws_cdk import App

from bench.scale import BEGIN, END, REGIONS, SIZES, WAVE, inspect_assembly, settings, table
from cdk_delivery.constructs.project_files import Project
from cdk_delivery.settings.model import Delivery
from pipeline.stack import PipelineStack
from stages.service_options import ServiceOptions
from tests.root import ROOT

COUNTED = ("resources", "stages", "actions", "builds of a push", "roles")


def rows() -> list[Mapping[str, str]]:
    """Return the table of the page, by column."""
    measured = (ROOT / "docs" / "scale.md").read_text().partition(BEGIN)[2].partition(END)[0]
    lines = [line for line in measured.splitlines() if line.startswith("|")]
    head, _, *cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(head, row, strict=True)) for row in cells]


def test_the_page_has_the_columns_and_the_sizes_that_are_measured() -> None:
    """The page has the measured columns and sizes, in order."""
    found = rows()
    (head, _) = table({}).splitlines()
    assert list(found[0]) == [cell.strip() for cell in head.strip("|").split("|")]
    assert [row["environments"] for row in found] == [str(size) for size in SIZES]


def test_the_page_tells_the_settings_that_are_measured() -> None:
    """The page names the measured wave size and number of regions."""
    said = (ROOT / "docs" / "scale.md").read_text().partition(BEGIN)[0]
    words = {3: "three", 12: "twelve"}
    assert f"in waves of {words[WAVE]}, in {words[len(REGIONS)]} regions" in re.sub(r"\s+", " ", said)


@pytest.mark.slow
def test_the_counts_of_the_smallest_are_those_of_a_synthesis(project: Project, tmp_path: Path) -> None:
    """The page has the resources that a change of the pipeline adds; bytes and times may differ."""
    context = settings(SIZES[0])
    app = App(context=context, outdir=str(tmp_path), analytics_reporting=False)
    PipelineStack(app, "Pipeline", delivery=Delivery[ServiceOptions].read(context["delivery"]), project=project)
    app.synth()
    found, told = inspect_assembly(tmp_path), rows()[0]
    assert {key: told[key] for key in COUNTED} == {key: f"{found[key.replace(' ', '_')]:,}" for key in COUNTED}


@pytest.mark.gate
def test_a_table_of_other_columns_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The check finds a renamed column."""
    (tmp_path / "docs").mkdir()
    lines = (ROOT / "docs" / "scale.md").read_text().replace("| roles |", "| people |")
    (tmp_path / "docs" / "scale.md").write_text(lines)
    monkeypatch.setattr("tests.bench.test_scale.ROOT", tmp_path)
    with pytest.raises(AssertionError, match="people"):
        test_the_page_has_the_columns_and_the_sizes_that_are_measured()
