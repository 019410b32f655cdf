"""Every rule pack runs, and every acceptance has a finding."""

from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_s3 as s3

from cdk_delivery.compliance.__main__ import main
from cdk_delivery.compliance.accept import accept
from cdk_delivery.compliance.assembly import PACKS, Assembly
from cdk_delivery.compliance.packs import attach_packs
from cdk_delivery.constructs.project_files import Project
from tests.synthesis import Synthesized, assembly


@pytest.fixture(scope="module")
def judged(context: dict[str, Any], project: Project, tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """The shop's app, synthesized with the rule packs."""
    return assembly(context, project, tmp_path_factory.mktemp("cdk.out"), packs=True)


@pytest.mark.slow
def test_every_pack_is_in_the_report(judged: Synthesized) -> None:
    """All packs are in the report; one attached to a Stage instead of the app would be missing."""
    assert judged.assembly.packs() >= set(PACKS)


@pytest.mark.slow
def test_every_acknowledgement_silences_a_finding(judged: Synthesized) -> None:
    """An acknowledgement without a finding would hide the next finding of its rule."""
    assert judged.assembly.stale() == []


@pytest.mark.slow
def test_the_command_agrees(judged: Synthesized) -> None:
    """`python -m cdk_delivery.compliance`, which the pipeline runs, exits with 0 for the shop."""
    assert main([str(judged.folder)]) == 0


def planted(tmp_path: Path, *accepted: str) -> App:
    """An app with a bucket that has several findings, AwsSolutions-S1 among them."""
    app = App(outdir=str(tmp_path / "cdk.out"), analytics_reporting=False)
    bucket = s3.Bucket(Stack(app, "Planted"), "Bucket", enforce_ssl=True)
    for rule in accepted:
        accept(bucket, rule, because="planted", see="this test")
    attach_packs(app)
    return app


@pytest.mark.gate
def test_an_unaccepted_finding_makes_synth_fail(tmp_path: Path) -> None:
    """The synthesis fails for an unaccepted finding, although it writes the whole assembly."""
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        planted(tmp_path).synth()
    assert Assembly(tmp_path / "cdk.out").violations()


@pytest.mark.gate
def test_a_stale_acknowledgement_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An acceptance of CB4, a rule for build projects, is stale for a bucket."""
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        planted(tmp_path, "AwsSolutions-S1", "AwsSolutions-CB4").synth()
    stale = Assembly(tmp_path / "cdk.out").stale()
    assert [ack.rule for ack in stale] == ["AwsSolutions::AwsSolutions-CB4"]
    assert main([str(tmp_path / "cdk.out")]) == 1
    assert "Planted/Bucket: AwsSolutions::AwsSolutions-CB4 is accepted, but raised no more" in capsys.readouterr().err


def test_a_folder_that_is_no_assembly_is_wrong_use(tmp_path: Path) -> None:
    """A folder without an assembly exits with 2, unlike an assembly with findings."""
    assert main([str(tmp_path)]) == 2
