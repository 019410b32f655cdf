"""The command `plan`: the working tree that it synthesizes, and what it prints."""

from __future__ import annotations

import copy
import json
import os

import pytest

from tests.commands.assemblies import write_assembly
from tests.commands.conftest import Tiny
from tests.commands.templates import TEMPLATE
from tests.root import ROOT


@pytest.fixture
def app(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> Tiny:
    """The tiny project with an app that the CDK CLI runs."""
    monkeypatch.setenv("PATH", os.pathsep.join([str(ROOT / "node_modules" / ".bin"), os.environ["PATH"]]))
    (tiny.root / "cdk.json").write_text('{"app": "cp -r assembly/. $CDK_OUTDIR"}')
    write_assembly(tiny.root / "assembly", {"tiny": TEMPLATE})
    return tiny


def test_the_command_synthesizes_the_working_tree(app: Tiny) -> None:
    """`plan` includes uncommitted changes; it starts no execution and leaves no folder."""
    changed = copy.deepcopy(TEMPLATE)
    changed["Resources"]["Lint"]["Properties"]["Source"]["BuildSpec"] = "other.yml"
    write_assembly(app.root / "assembly", {"tiny": changed})
    before = app.call("history", "--json")
    code, printed = app.call("plan", "--json")
    assert code == 0
    plan = json.loads(printed)
    assert plan["working_tree"]
    assert plan["stacks"][0]["resources"] == [
        {"id": "Lint", "type": "AWS::CodeBuild::Project", "change": "changed", "properties": ["Source"]}
    ]
    assert "~ Lint (AWS::CodeBuild::Project): Source" in app.call("plan")[1]
    assert app.call("history", "--json") == before
    assert not (app.space.home / "plan").exists()


def test_the_app_gets_the_revision_of_a_build(app: Tiny) -> None:
    """The app gets the commit as CODEBUILD_RESOLVED_SOURCE_VERSION, so that a template with it is unchanged."""
    (app.root / "cdk.json").write_text(
        json.dumps({"app": f"cp -r assembly/. $CDK_OUTDIR; echo $CODEBUILD_RESOLVED_SOURCE_VERSION > {app.root}/seen"})
    )
    commit = json.loads(app.call("plan", "--json")[1])["commit"]
    assert (app.root / "seen").read_text().strip() == commit


def test_a_working_tree_that_does_not_synthesize_is_red(app: Tiny) -> None:
    """A failed synthesis exits with 1 and prints the CDK CLI's message."""
    (app.root / "cdk.json").write_text(json.dumps({"app": "echo no such setting: colour >&2; false"}))
    code, printed = app.call("plan")
    assert code == 1
    assert "no such setting: colour" in printed


def test_without_a_deployment_there_is_nothing_to_compare_with(tiny: Tiny) -> None:
    """Without a deployed pipeline, `plan` says to run `up`."""
    record = tiny.space.pipeline_record
    kept = record.read_text()
    record.unlink()
    code, printed = tiny.call("plan")
    record.write_text(kept)
    assert code == 2
    assert "no pipeline is deployed: `rehearse up`" in printed
