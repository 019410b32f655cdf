"""`--json`: every command supports it, its output is only JSON, and a file that cannot be written is an early error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from rehearsal.cli import VERBS, cli
from rehearsal.commands.output import put_json
from rehearsal.views.execution_view import ExecutionView
from tests.commands.conftest import Tiny, until
from tests.root import PACKAGE

# `shell` and `console` pass the terminal to another program, a shell evaluates the output of `completion`, and `report`
# writes a file.
WITHOUT = {"shell", "console", "completion", "report"}
RESULT = {
    "execution_id",
    "status",
    "wall_seconds",
    "earlier",
    "stages",
    "invocations",
    "cold_starts",
    "traffic",
    "not_emulated",
}


def test_every_command_that_prints_has_it() -> None:
    """Every visible command has `--json`, except for the commands in WITHOUT."""
    context = click.Context(cli)
    commands = {name: command for name in VERBS if (command := cli.get_command(context, name))}
    options = {name: {option for param in verb.params for option in param.opts} for name, verb in commands.items()}
    shown = {name for name, verb in commands.items() if not verb.hidden} - WITHOUT
    assert {name for name in shown if "--json" not in options[name]} == set()


def run_json(tiny: Tiny, *arguments: str) -> tuple[int, Any, str]:
    """Run a command; return its exit status, its standard output read as JSON, and its standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "rehearsal", *arguments],
        cwd=tiny.root,
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout), done.stderr


def test_a_run_prints_only_its_result_on_standard_output(tiny: Tiny) -> None:
    """Progress and tables go to standard error."""
    code, result, messages = run_json(tiny, "run", "--until", "Build", "--json", "-")
    assert code == 0
    assert set(result) == RESULT
    assert result["status"] == "Stopped"
    assert "Build/Compile: Succeeded" in messages


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--only", "Lint"],
        ["run", "--from", "Build", "--until", "Gate", "--approve"],
        ["rollback", "Build"],
        ["watch"],
    ],
    ids=" ".join,
)
def test_partial_runs_have_the_result_of_a_run(tiny: Tiny, good: ExecutionView, arguments: list[str]) -> None:
    """`--only`, `--from`, `rollback` and `watch` print the keys of `run --json`; `--from` adds the earlier stages."""
    given = [] if arguments == ["watch"] else ["--execution", good.id]
    if arguments[0] == "rollback":
        given = [good.id]
    code, result, _ = run_json(tiny, *arguments, *given, "--json", "-")
    assert (code, set(result)) == (0, RESULT)
    assert [execution["status"] for execution in result["earlier"]] == (["Succeeded"] if "--from" in arguments else [])


def test_up_and_clean_print_json(tiny: Tiny, good: ExecutionView) -> None:
    """`up` prints the pipeline's key, the endpoint and the remote; `clean` prints the freed bytes."""
    printed = run_json(tiny, "up", "--json")[1]
    server = tiny.space.server()
    assert server
    assert printed == {
        "account": "111111111111",
        "region": "eu-west-1",
        "name": "tiny",
        "endpoint": server.endpoint,
        "remote": "rehearsal",
    }
    assert set(json.loads(tiny.call("clean", "--keep", "100", "--json")[1])) == {"freed_bytes", "bytes"}


def test_down_and_clean_without_a_run_print_json(empty: Tiny) -> None:
    """Without a run, the JSON says that `down` ended nothing and that `clean` freed nothing."""
    assert json.loads(empty.call("down", "--json")[1]) == {"ended": False}
    assert json.loads(empty.call("clean", "--json")[1]) == {"freed_bytes": 0, "bytes": 0}


def test_a_retry_writes_a_file(tiny: Tiny, tmp_path: Path) -> None:
    """A failed retry writes its JSON file too, as a run does."""
    view = tiny.run(Lint="exit 9")
    code, _ = tiny.call("retry", "--execution", view.id, "--json", str(tmp_path / "result.json"))
    assert code == 1
    assert json.loads((tmp_path / "result.json").read_text())["status"] == "Failed"


def test_approve_and_stop_print_json(tiny: Tiny) -> None:
    """`approve` prints its answers, and `stop` the stopped execution."""
    execution = tiny.start()
    until(lambda: tiny.view(execution).stage("Gate").actions[0].token is not None, 60)
    (answer,) = json.loads(tiny.call("approve", "--json")[1])
    where = {"stage": "Gate", "action": "Approve", "verdict": "Approved", "execution_id": execution}
    assert answer == {**where, "revision": tiny.view(execution).revision}
    tiny.ended(execution)
    execution = tiny.start()
    stopped = json.loads(tiny.call("stop", "--abandon", "--json")[1])
    assert stopped == {"execution_id": execution, "abandoned": True}
    tiny.ended(execution)


@pytest.mark.parametrize(
    "arguments", [["run"], ["run", "--list"], ["run", "--only", "Lint"], ["permissions"], ["watch"]], ids=" ".join
)
def test_a_file_that_cannot_be_is_refused_before_anything_runs(tiny: Tiny, arguments: list[str]) -> None:
    """The error names the folder that cannot be written to, and no execution starts."""
    before = tiny.space.newest_first()
    code, printed = tiny.call(*arguments, "--json", "/nowhere/result.json")
    assert code == 2
    assert "there is no folder /nowhere that can be written to" in printed
    assert tiny.space.newest_first() == before


def test_a_device_is_written_to(tmp_path: Path) -> None:
    """A named pipe is written to, and is not replaced by a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True)
    put_json(pipe, {"a": 1})
    assert json.loads(reader.communicate(timeout=10)[0]) == {"a": 1}
    assert pipe.is_fifo()
