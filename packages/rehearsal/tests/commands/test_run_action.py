"""`run --only`: one action with the artifacts of an earlier execution, as a separate execution."""

from __future__ import annotations

import json

import pytest

from rehearsal.aws import root
from rehearsal.views.execution_view import ExecutionView
from tests.commands.conftest import Tiny
from tests.commands.templates import ACCOUNT, BUCKET, REGION


def ran(view: ExecutionView) -> list[str]:
    return [f"{stage.name}/{action.name}" for stage in view.stages for action in stage.actions if action.status]


@pytest.mark.parametrize("name", ["Build/Lint", "Build.Lint", "Lint"])
def test_one_action_runs_and_nothing_else(tiny: Tiny, good: ExecutionView, name: str) -> None:
    """Neither the source nor other actions run, and `history` shows the action's name."""
    code, printed = tiny.call("run", "--only", name, "--execution", good.id[:8])
    assert code == 0
    assert f"Build/Lint only, with the artifacts and variables of {good.id}: execution " in printed
    latest = tiny.view(tiny.space.newest_first()[0])
    assert ran(latest) == ["Build/Lint"]
    assert "run --only Build/Lint" in tiny.call("history", "-n", "1")[1]
    (load,) = json.loads(tiny.call("history", "-n", "1", "--json")[1])
    assert (load["execution_id"], load["only"]) == (latest.id, "Build/Lint")


def test_it_takes_what_the_latest_execution_had(tiny: Tiny, bad: ExecutionView) -> None:
    """A failed action can run repeatedly with the same artifacts; each failure exits with 1."""
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
    """An action uses the artifact that an earlier `run --only` created."""
    assert tiny.call("run", "--only", "Compile", "--execution", good.id)[0] == 0
    made = tiny.space.newest_first()[0]
    assert tiny.call("run", "--only", "Send")[0] == 0
    assert tiny.view(tiny.space.newest_first()[0]).trigger == f"ManualRollback {made}"


def test_nothing_is_rolled_back_to_it(tiny: Tiny, good: ExecutionView) -> None:
    """An execution of one action did not complete its stage, so `rollback` refuses it."""
    assert tiny.call("run", "--only", "Lint", "--execution", good.id)[0] == 0
    latest = tiny.space.newest_first()[0]
    code, printed = tiny.call("rollback", "Build", latest)
    assert code == 2
    assert "is a rollback itself" in printed


def test_an_execution_that_lacks_its_artifacts_is_refused(tiny: Tiny, good: ExecutionView) -> None:
    """The error names the missing input and the executions that have it."""
    execution = tiny.start(Compile="exit 1")
    tiny.ended(execution)
    code, printed = tiny.call("run", "--only", "Ship/Send")
    assert code == 2
    assert f"Send needs Compiled, and execution {execution} has no Compiled; choose one with `--execution`: " in printed


def test_artifacts_that_are_gone_are_refused(tiny: Tiny) -> None:
    """The error names the deleted artifact, and no execution starts."""
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
    assert f"artifacts of execution {execution} were removed: Code ({BUCKET}/{key})" in printed
    assert len(tiny.space.newest_first()) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only", "Nothing"], "Nothing: no actions have that name; there are Source/Repo, Build/Compile"),
        (["--only", "Repo"], "Source/Repo is a source"),
        (["--only", "Lint", "--from", "Build"], "one of --list, --graph, --dry-run, --from and --only"),
        (["--only", "Lint", "--until", "Build"], "--until has no effect with --only"),
    ],
)
def test_bad_arguments_of_only_are_refused(tiny: Tiny, good: ExecutionView, arguments: list[str], words: str) -> None:
    """An unknown action, a source, and options without effect are refused."""
    code, printed = tiny.call("run", *arguments)
    assert code == 2
    assert words in printed
