"""kill -9 during a deployment, an approval, the saving of state, and a first run: interrupted executions end."""

from __future__ import annotations

import copy
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from rehearsal.emulator.server import launcher
from rehearsal.engine.state import crash_recovery
from rehearsal.engine.state.events import StageOutline
from rehearsal.engine.state.journal import Journal, read
from rehearsal.host.atomic_write import write_json
from rehearsal.host.procfs import start_ticks
from rehearsal.views.execution_view import replay
from rehearsal.workspace.layout import Workspace
from tests.commands.assemblies import write_assembly
from tests.commands.conftest import Tiny, tiny_project, until
from tests.commands.templates import TEMPLATE
from tests.commands.test_kills import ONE_BUILD, STAYS, Command, again, left, processes, server
from tests.commands.test_plan import template as cdk_template

DEPLOY = {
    "Name": "Deploy",
    "ActionTypeId": {"Category": "Deploy", "Provider": "CloudFormation", "Owner": "AWS", "Version": "1"},
    "Configuration": {"ActionMode": "CREATE_UPDATE", "StackName": "many", "TemplatePath": "Code::many.json"},
    "InputArtifacts": [{"Name": "Code"}],
    "RunOrder": 1,
}
MANY = {f"Queue{number}": {"Type": "AWS::SQS::Queue"} for number in range(400)}


def pipeline() -> dict[str, Any]:
    """Return a template whose pipeline has a source, an approval, and a deployment of many resources."""
    template = copy.deepcopy(TEMPLATE)
    properties = template["Resources"]["Pipeline"]["Properties"]
    source, _, gate, _ = properties["Stages"]
    properties["Stages"] = [source, gate, {"Name": "Dev", "Actions": [DEPLOY]}]
    return template


@pytest.fixture
def gated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tiny]:
    """A project with this pipeline, in an embedded AWS that a test may kill."""
    with tiny_project(tmp_path, pipeline()) as tiny:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "many.json").write_text(json.dumps({"Resources": MANY}))
        yield tiny


def assert_interrupted(tiny: Tiny, execution: str, action: str) -> None:
    """Assert that every command shows the execution as interrupted, and that none waits for it."""
    listed = {load["execution_id"]: load["status"] for load in json.loads(tiny.call("history", "--json")[1])}
    assert listed[execution] == "Interrupted"
    code, printed = tiny.call("status", execution, "--json")
    stages = json.loads(printed)["stages"]
    statuses = {f"{stage['name']}/{load['name']}": load["status"] for stage in stages for load in stage["actions"]}
    assert (code, statuses[action]) == (1, "Abandoned")
    assert Command(tiny, "watch", execution).ended()[0] == 1
    assert Command(tiny, "logs", "--follow", action, "--execution", execution).ended()[0] == 0


@pytest.mark.parametrize("action", ["Gate/Approve", "Dev/Deploy"])
def test_an_interrupted_execution_has_ended_after_a_restart(gated: Tiny, action: str) -> None:
    """After a kill and a restart, the execution is Interrupted in every view, and followers do not wait."""
    execution = gated.start()
    if action == "Gate/Approve":
        until(lambda: gated.view(execution).action("Gate", "Approve").token is not None)
    else:
        until(lambda: gated.call("approve")[0] == 0)
        until(lambda: gated.view(execution).action("Dev", "Deploy").status == "InProgress")
    os.kill(server(gated).pid, signal.SIGKILL)
    until(lambda: gated.space.server() is None)
    assert gated.view(execution).seconds is None, "too late for the test: the execution has ended"
    assert "Interrupted" in gated.call("history")[1]
    again(gated)
    assert_interrupted(gated, execution, action)


def test_a_kill_while_state_is_saved_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Incomplete saved state is never read: the next start has no pipeline, and works."""
    monkeypatch.chdir(tmp_path)
    with tiny_project(tmp_path, ONE_BUILD) as tiny:
        pid = server(tiny).pid
        # a writer of this FIFO waits for a reader, so that the kill comes before the save is complete
        os.mkfifo(tiny.space.running / "ssm.json.tmp")
        os.kill(pid, signal.SIGTERM)
        until(lambda: any(tiny.space.running.glob("s3.json")))
        os.kill(pid, signal.SIGKILL)
        until(lambda: start_ticks(pid) is None)
        assert not tiny.space.saved.exists()
        again(tiny)


# Replaces the CDK CLI: it copies a prepared assembly, and hangs in one of its commands.
CDK = """\
#!/bin/sh
if [ "$2" = {stage} ]; then
{stays}
fi
for last; do :; done
[ "$2" != synth ] || cp -R {made} "$last"
"""


@pytest.mark.parametrize("stage", ["synth", "bootstrap", "deploy"])
def test_a_killed_first_run_takes_all_with_it(project: Workspace, empty: Tiny, stage: str) -> None:
    """Killing a first run ends its processes, whichever CDK command runs; the next run starts from nothing."""
    project.make()
    file, made, cdk = project.home / "began", project.home / "made", project.root / "node_modules" / ".bin" / "cdk"
    write_assembly(made, {"selfish": cdk_template()})
    cdk.parent.mkdir(parents=True)
    cdk.write_text(CDK.format(stage=stage, made=made, stays=STAYS.format(file=file)))
    cdk.chmod(0o755)
    empty.git("init", "-q", "-b", "main")
    empty.git("add", "cdk.json")
    empty.git("commit", "-qm", "first")
    run = Command(empty, "run")
    until(lambda: file.exists() or run.process.poll() is not None)
    assert run.process.poll() is None, run.printed()
    pids = processes(file)
    run.kill()
    until(lambda: not any(map(start_ticks, pids)) and left(project.root) == [])
    assert project.server() is None
    assert project.newest_first() == []
    write_json(project.pipeline_record, asdict(empty.deployed.key))
    again(empty)
    launcher.down(project)


def test_the_end_of_an_interrupted_execution_is_written_once(tmp_path: Path) -> None:
    """Crash recovery writes the missing events of an interrupted execution once, and does not change a finished one."""
    for name, types in {"ended": ["execution-finished"], "cut": []}.items():
        written = Journal(tmp_path / name / "journal.jsonl")
        stages: list[StageOutline] = [{"name": "Build", "actions": [{"name": "Lint", "provider": "Build/CodeBuild"}]}]
        written.write("execution-started", execution=name, pipeline="tiny", stages=stages)
        written.write("stage-started", stage="Build", attempt=1)
        written.write("action-started", stage="Build", action="Lint", provider="Build/CodeBuild", log="")
        for type_ in types:
            written.write(type_, status="Succeeded", summary="", seconds=1.0)
        written.close()
    Journal(tmp_path / "never began" / "journal.jsonl").close()
    for _ in range(2):
        crash_recovery.end_interrupted_executions(tmp_path)
    ended, cut = (replay(read(tmp_path / name / "journal.jsonl")) for name in ("ended", "cut"))
    assert (ended.status, cut.status, cut.action("Build", "Lint").status) == ("Succeeded", "Interrupted", "Abandoned")
    assert cut.stage("Build").status == "Stopped"
    assert cut.seconds is not None
    assert len(read(tmp_path / "cut" / "journal.jsonl")) == 6
    assert not (tmp_path / "never began").exists()
