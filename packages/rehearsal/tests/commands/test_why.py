"""`why`: the root cause of an execution, from its journal and logs."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from rehearsal.engine.state.events import StageOutline
from rehearsal.engine.state.journal import Journal
from rehearsal.project.zipped_assembly import construct_path
from rehearsal.views.execution_view import ExecutionView
from rehearsal.workspace.layout import Workspace
from tests.commands.conftest import Tiny

DENIED = 'Dev-Shop ROLLBACK_COMPLETE: Topic (AWS::SNS::Topic): missing is {"Effect": "Allow", "Action": "sns:Tag"}'


def test_a_red_execution_says_what_failed(tiny: Tiny, bad: ExecutionView) -> None:
    """`why` prints the failed command, its last lines and the next command, and exits with 1."""
    code, printed = tiny.call("why", bad.id)
    lines = printed.strip().splitlines()
    assert code == 1
    assert lines[0].startswith("Build/Lint failed: ")
    assert any(line.startswith("  in `") for line in lines)
    assert "  next: `rehearse shell Build/Lint`" in lines
    assert lines[-1].startswith("The whole log: .rehearsal/executions/")


def test_programs_read_the_same_cause(tiny: Tiny, bad: ExecutionView) -> None:
    """`why --json` has every key, and the place if it is known."""
    code, printed = tiny.call("why", bad.id, "--json")
    load = json.loads(printed)
    assert (code, load["execution_id"], load["status"]) == (1, bad.id, "Failed")
    assert (load["cause"]["stage"], load["cause"]["action"]) == ("Build", "Lint")
    assert load["cause"].keys() >= {"message", "place", "lines", "missing_statement", "next_command", "also"}
    assert load["also"] == []


def test_a_good_execution_has_no_cause(tiny: Tiny, good: ExecutionView) -> None:
    """A succeeded execution exits with 0, and has no cause."""
    assert tiny.call("why", good.id) == (0, "no action failed: Succeeded\n")
    assert json.loads(tiny.call("why", good.id, "--json")[1])["cause"] is None


@pytest.fixture
def denied(project: Workspace) -> Workspace:
    """An execution whose deployment was denied a permission, and whose log does not exist."""
    project.make()
    stage: StageOutline = {"name": "Dev", "actions": [{"name": "Deploy", "provider": "Deploy/CloudFormation"}]}
    log = str(project.execution("ab12") / "lost.log")
    journal = Journal(project.journal("ab12"))
    journal.write("execution-started", execution="ab12", pipeline="tiny", stages=[stage])
    journal.write("action-started", stage="Dev", action="Deploy", log=log)
    journal.write("action-finished", stage="Dev", action="Deploy", status="Failed", summary=DENIED, seconds=1.0)
    journal.write("execution-finished", status="Failed", summary="", seconds=1.0)
    journal.close()
    return project


def test_a_denial_shows_the_missing_statement(denied: Workspace, empty: Tiny) -> None:
    """`why` prints the missing statement and the command that deletes the failed stack, but no missing log's path."""
    code, printed = empty.call("why")
    assert code == 1
    assert "  at Dev-Shop/Topic" in printed
    assert '  missing statement: {"Effect": "Allow", "Action": "sns:Tag"}' in printed
    assert "  next: `aws cloudformation delete-stack --stack-name Dev-Shop`" in printed
    assert "The whole log" not in printed


def test_the_construct_is_read_from_the_assembly(tmp_path: Path) -> None:
    """A construct path is found by stack and resource, in nested assemblies too; an unknown resource has none."""
    stack = {"type": "aws:cloudformation:stack", "properties": {"stackName": "Dev-Shop", "templateFile": "S.json"}}
    topic = {"Type": "AWS::SNS::Topic", "Metadata": {"aws:cdk:path": "P/Dev/Shop/Topic/Resource"}}
    with zipfile.ZipFile(tmp_path / "out.zip", "w") as assembly:
        assembly.writestr("manifest.json", json.dumps({"artifacts": {"Tree": {"type": "cdk:tree"}}}))
        assembly.writestr("assembly-P-Dev/manifest.json", json.dumps({"artifacts": {"S": stack}}))
        assembly.writestr("assembly-P-Dev/S.json", json.dumps({"Resources": {"Topic": topic}}))
    assert construct_path(tmp_path / "out.zip", "Dev-Shop", "Topic") == "P/Dev/Shop/Topic/Resource"
    assert construct_path(tmp_path / "out.zip", "Dev-Shop", "Queue") == ""
    assert construct_path(tmp_path / "out.zip", "Prod-Shop", "Topic") == ""
    (tmp_path / "out.zip").write_text("no zip")
    assert construct_path(tmp_path / "out.zip", "Dev-Shop", "Topic") == ""
