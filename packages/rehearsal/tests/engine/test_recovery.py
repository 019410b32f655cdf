"""A new engine loads the journals of an earlier one, whole or cut short by a kill."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.state import journal
from tests.engine.conftest import KEY, Door, Stage, action, declaration, eventually, fails, rule
from tests.root import PACKAGE

PROCESS = """
import sys, threading
from pathlib import Path
from tests.engine.conftest import KEY, Stage, action, declaration

stage = Stage(Path(sys.argv[1]))
stage.played.parts["stuck"] = lambda task: threading.Event().wait()
definition = declaration([action("a")], [action("b")], [action("last")], executionMode="PARALLEL", pipelineType="V2")
for _ in range(5):
    stage.run(definition)
definition["stages"][1]["actions"].append(action("stuck"))
stage.engine.update(KEY, definition, restart=False)
while True:
    stage.start(definition)
    threading.Event().wait(0.01)
    print("started", flush=True)
"""


def test_a_killed_process_loses_only_what_ran(tmp_path: Path) -> None:
    """After SIGKILL, ended executions are unchanged; running ones are Interrupted and can be retried."""
    process = subprocess.Popen([sys.executable, "-c", PROCESS, str(tmp_path)], cwd=PACKAGE, stdout=subprocess.PIPE)
    assert process.stdout
    for _ in range(20):
        assert process.stdout.readline() == b"started\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    stage = Stage(tmp_path)
    assert stage.engine.load() == []
    assert stage.engine.pipelines[KEY].version == 2
    statuses = [execution.status for execution in stage.all]
    assert statuses[:5] == ["Succeeded"] * 5
    assert set(statuses[5:]) == {"Interrupted"}
    interrupted = next(execution for execution in stage.all if ("Two", "stuck") in execution.actions)
    assert interrupted.actions[("Two", "stuck")].status == "Abandoned"
    stage.retry(interrupted, "Two")
    stage.wait()
    assert interrupted.status == "Succeeded"
    assert stage.start(declaration()).number > max(len(statuses), interrupted.number)
    stage.wait()
    stage.engine.close()


def test_every_command_s_effect_is_there_after_a_load(stage: Stage, tmp_path: Path) -> None:
    """A loaded engine has the variables, revisions, request tokens, resolved configurations and transitions."""
    variables = [{"name": "x", "defaultValue": "1"}]
    definition = declaration([action("a", say="#{variables.x}")], [action("b")], variables=variables)
    stage.engine.create(KEY, definition)
    stage.played.parts["b"] = fails
    given = {"variables": {"x": "2"}, "revisions": {"a": {"COMMIT_ID": "abc"}}, "token": "once"}
    stage.engine.start(KEY, trigger={"triggerType": "StartPipelineExecution"}, **given)  # type: ignore[arg-type]
    stage.wait()
    stage.engine.disable_transition(KEY, "Two", "freeze", "somebody")
    before = dict(stage.engine.executions)
    deployed = stage.engine.pipelines[KEY]
    stage.engine.close()
    other = Stage(tmp_path)
    assert other.engine.load() == []
    assert (dict(other.engine.executions), other.engine.pipelines[KEY]) == (before, deployed)
    again = other.engine.start(KEY, trigger={}, token="once")
    assert again.id in before
    assert again.attempts[(False, "One", "a", 1)].resolved == {"say": "2"}
    other.engine.close()


def test_tokens_are_in_no_journal(stage: Stage) -> None:
    """The engine redacts a GitHub OAuth token of a definition in every journal."""
    stage.run(declaration([action("a", OAuthToken="a-secret")], [action("b")]))
    stage.engine.close()
    written = "".join(path.read_text() for path in stage.folder.rglob("*.jsonl"))
    assert "a-secret" not in written
    assert "****" in written


def test_an_execution_of_version_1_is_shown_and_is_no_rollback_target(stage: Stage, tmp_path: Path) -> None:
    """An execution whose journal has format 1 can be shown, but not be a rollback target."""
    definition = declaration([action("a")], [action("b")])
    old = stage.run(definition)
    stage.engine.close()
    path = tmp_path / old.id / "journal.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps({**event, "v": 1}) + "\n" for event in lines))
    later = Stage(tmp_path)
    assert later.engine.load() == []
    assert later.all == []
    with pytest.raises(RequestRejected, match="has no execution"):
        later.rollback("Two", old)
    assert journal.has_ended(journal.read(path))
    later.engine.close()


def test_a_damaged_journal_costs_what_it_alone_holds(stage: Stage, tmp_path: Path) -> None:
    """A damaged journal loses only its own execution, and the engine reports the reason."""
    definition = declaration([action("a")], [action("b")])
    good, bad = stage.run(definition), stage.run(definition)
    stage.engine.close()
    path = tmp_path / bad.id / "journal.jsonl"
    first, *others = path.read_text().splitlines()
    damaged = {name: value for name, value in json.loads(first).items() if name != "stages"}
    path.write_text("\n".join([json.dumps(damaged), *others]) + "\n")
    later = Stage(tmp_path)
    (problem,) = later.engine.load()
    assert problem == f"{path}: this execution cannot be read (no 'stages'): it is in `history` only"
    assert later.all == [good]
    later.engine.close()


def test_executions_of_a_deleted_pipeline_are_not_those_of_a_new_one(stage: Stage, tmp_path: Path) -> None:
    """A new pipeline has none of the executions of a deleted one with its name."""
    definition = declaration([action("a")], [action("b")])
    old = stage.run(definition)
    stage.engine.delete(KEY)
    new = stage.run(definition)
    with pytest.raises(RequestRejected, match="has no execution"):
        stage.rollback("Two", old)
    stage.engine.close()
    later = Stage(tmp_path)
    assert later.engine.load() == []
    assert later.all == [new]
    later.engine.close()


def test_a_condition_that_was_checked_in_a_killed_engine_is_abandoned(stage: Stage, tmp_path: Path) -> None:
    """After a load no condition of an interrupted execution is in progress."""
    door = stage.played.parts["check"] = Door()
    definition = declaration([action("a")], [action("b")])
    definition["stages"][1]["beforeEntry"] = {"conditions": [{"result": "FAIL", "rules": [rule("check")]}]}
    execution = stage.start(definition)
    eventually(lambda: door.holds(execution))
    later = Stage(tmp_path)
    assert later.engine.load() == []
    (interrupted,) = later.all
    assert interrupted.status == "Interrupted"
    assert interrupted.stages["Two"].conditions["beforeEntry"].status == "Abandoned"
    later.engine.close()
    door.open(execution)


def test_a_stage_is_free_after_a_load(stage: Stage, tmp_path: Path) -> None:
    """A stage is free after a load, since the execution in it has ended."""
    door = stage.played.parts["b"] = Door()
    execution = stage.start(declaration([action("a")], [action("b")]))
    eventually(lambda: door.holds(execution))
    later = Stage(tmp_path)
    assert later.engine.load() == []
    assert later.run(declaration()).status == "Succeeded"
    later.engine.close()
    door.open(execution)
