"""`run --only`: one action with the artifacts of an earlier execution, as a separate execution."""

from __future__ import annotations

import json

import pytest

from rehearsal.aws import root
from rehearsal.views.execution_view import ExecutionView
from tests.commands.conftest import ACCOUNT, BUCKET, REGION, Tiny


def ran(view: ExecutionView) -> list[str]:
    return [f"{stage.name}/{action.name}" for stage in view.stages for action in stage.actions if action.status]


@pytest.mark.parametrize("name", ["Build/Lint", "Build.Lint", "Lint"])
def test_one_action_runs_and_nothing_else(tiny: Tiny, good: ExecutionView, name: str) -> None:
    """Neither its source, nor parallel nor later actions run; `history` names the action."""
    code, printed = tiny.call("run", "--only", name, "--execution", good.id[:8])
    assert code == 0
    assert f"Build/Lint alone, with the artifacts and variables of {good.id}: execution " in printed
    latest = tiny.view(tiny.space.newest_first()[0])
    assert ran(latest) == ["Build/Lint"]
    assert "run --only Build/Lint" in tiny.call("history", "-n", "1")[1]
    (told,) = json.loads(tiny.call("history", "-n", "1", "--json")[1])
    assert (told["execution_id"], told["only"]) == (latest.id, "Build/Lint")


def test_it_takes_what_the_latest_execution_had(tiny: Tiny, bad: ExecutionView) -> None:
    """A failed action can be run again and again; red is red, and the next one takes the same artifacts."""
    execution = tiny.start(Lint="exit 9")
    tiny.ended(execution)
    for _ in range(2):
        code, printed = tiny.call("run", "--only", "Lint")
        assert code == 1
        assert "exit status 9" in printed
    assert ran(tiny.view(tiny.space.newest_first()[0])) == ["Build/Lint"]
    code, printed = tiny.call("retry")
    assert code == 1
    assert ran(tiny.view(tiny.space.newest_first()[0])) == ["Build/Lint"]


def test_what_it_makes_is_there_for_the_next_one(tiny: Tiny, good: ExecutionView) -> None:
    """The output of a fixed action is the input of the next one."""
    assert tiny.call("run", "--only", "Compile", "--execution", good.id)[0] == 0
    made = tiny.space.newest_first()[0]
    assert tiny.call("run", "--only", "Send")[0] == 0
    assert tiny.view(tiny.space.newest_first()[0]).trigger == f"ManualRollback {made}"


def test_nothing_is_rolled_back_to_it(tiny: Tiny, good: ExecutionView) -> None:
    """It has not gone through its stage."""
    assert tiny.call("run", "--only", "Lint", "--execution", good.id)[0] == 0
    latest = tiny.space.newest_first()[0]
    code, printed = tiny.call("rollback", "Build", latest)
    assert code == 2
    assert "is a rollback itself" in printed


def test_an_execution_that_lacks_its_artifacts_is_refused(tiny: Tiny, good: ExecutionView) -> None:
    """The message has its inputs, what is missing, and the executions that have it."""
    execution = tiny.start(Compile="exit 1")
    tiny.ended(execution)
    code, printed = tiny.call("run", "--only", "Ship/Send")
    assert code == 2
    assert f"Send takes Compiled, and execution {execution} has not made Compiled; these can be named: " in printed


def test_artifacts_that_are_gone_are_refused(tiny: Tiny) -> None:
    """By name, and before anything runs."""
    execution = tiny.start(Lint="exit 1")
    tiny.ended(execution)
    before = len(tiny.space.newest_first())
    s3 = tiny.deployed.endpoint.client("s3", root(ACCOUNT), REGION)
    details = tiny.deployed.api().list_action_executions(
        pipelineName="tiny", filter={"pipelineExecutionId": execution}
    )["actionExecutionDetails"]
    (code_artifact,) = (detail for detail in details if detail["actionName"] == "Repo")
    key = code_artifact["output"]["outputArtifacts"][0]["s3location"]["key"]
    s3.delete_object(Bucket=BUCKET, Key=key)
    code, printed = tiny.call("run", "--only", "Lint")
    assert code == 2
    assert f"what execution {execution} made is gone: Code ({BUCKET}/{key})" in printed
    assert len(tiny.space.newest_first()) == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--only", "Nothing"], "Nothing: no actions have that name; there are Source/Repo, Build/Compile"),
        (["--only", "Repo"], "Source/Repo is a source"),
        (["--only", "Lint", "--from", "Build"], "one of --list, --graph, --dry-run, --from and --only"),
        (["--only", "Lint", "--until", "Build"], "--until has no effect with --only"),
    ],
)
def test_what_cannot_run_alone_is_refused(tiny: Tiny, good: ExecutionView, arguments: list[str], told: str) -> None:
    """Before anything runs."""
    code, printed = tiny.call("run", *arguments)
    assert code == 2
    assert told in printed
