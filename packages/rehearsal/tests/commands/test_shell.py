"""`shell`: a shell in a build's folder, with its environment."""

from __future__ import annotations

import sys

import click
import pytest

from rehearsal.host.procfs import start_ticks
from rehearsal.views.execution_view import ExecutionView
from tests.commands.conftest import Tiny, until
from tests.commands.test_kills import Command

LOOK = (
    'echo "$COLOUR $CODEBUILD_INITIATOR"; ls; test "$PWD" = "$CODEBUILD_SRC_DIR"; aws() { env; }; aws | grep -c ^AWS_'
)


def test_a_good_build_is_made_again_from_its_artifacts(
    tiny: Tiny, good: ExecutionView, capfd: pytest.CaptureFixture[str]
) -> None:
    """The shell has the project's variables, the source's folder and the embedded AWS's keys."""
    code, printed = tiny.call("shell", "Ship/Send", "--execution", good.id, "--command", LOOK)
    seen = capfd.readouterr().out
    assert code == 0
    assert "made again" in printed
    assert "green codepipeline/tiny" in seen
    assert "cdk.json" in seen
    assert int(seen.split()[-1]) >= 5
    assert not [*tiny.signals.glob("shell-*")]


def test_a_failed_build_is_as_it_was_left(tiny: Tiny, capfd: pytest.CaptureFixture[str]) -> None:
    """The shell of a failed build has the files that its commands wrote."""
    view = tiny.run(Lint="echo why > reason; exit 7")
    code, printed = tiny.call("shell", "Lint", "--execution", view.id, "--command", "cat reason")
    assert code == 0
    assert "as it was left" in printed
    assert "why" in capfd.readouterr().out


def test_it_has_the_role_that_codebuild_alone_may_assume(
    tiny: Tiny, good: ExecutionView, capfd: pytest.CaptureFixture[str]
) -> None:
    """The shell has the credentials of the role that only CodeBuild may assume, while IAM is enforced."""
    text = 'import boto3; print(boto3.client("sts").get_caller_identity()["Arn"])'
    command = f"{sys.executable} -c '{text}'"
    assert tiny.deployed.endpoint.iam
    assert tiny.call("shell", "Lint", "--execution", good.id, "--command", command)[0] == 0
    assert capfd.readouterr().out.strip() == "arn:aws:sts::111111111111:assumed-role/codebuild/shell"


def test_a_failed_command_exits_with_1(tiny: Tiny, good: ExecutionView) -> None:
    """`shell --command` exits with 1 if the command fails."""
    assert tiny.call("shell", "Lint", "--execution", good.id, "--command", "exit 3")[0] == 1


@pytest.mark.parametrize("action", ["Approve", "Repo"])
def test_only_builds_have_a_shell(tiny: Tiny, good: ExecutionView, action: str) -> None:
    """An approval and a source are refused."""
    code, printed = tiny.call("shell", action, "--execution", good.id)
    assert code == 2
    assert "only a build has a shell" in printed


def test_what_a_command_leaves_ends_with_the_shell(tiny: Tiny, good: ExecutionView) -> None:
    """Background processes of the command are killed, because its folder is removed."""
    file = tiny.space.home / "left"
    text = f"setsid nohup sleep 600 >/dev/null 2>&1 & echo $! > {file}"
    assert tiny.call("shell", "Lint", "--execution", good.id, "--command", text)[0] == 0
    assert start_ticks(int(file.read_text())) is None
    file.unlink()


def test_an_interrupted_command_aborts(tiny: Tiny, good: ExecutionView) -> None:
    """A command that ends by SIGINT aborts the rehearsal, as Ctrl-C does."""
    with pytest.raises(click.Abort):
        tiny.call("shell", "Lint", "--execution", good.id, "--command", "kill -INT $$")


def test_two_shells_have_a_folder_each(tiny: Tiny, good: ExecutionView) -> None:
    """The folder of a shell remains when a concurrent shell of the same build ends."""
    go = tiny.space.home / "go"
    waits = f"touch {go}.began; until test -f {go}; do sleep 0.1; done; cat cdk.json"
    first = Command(tiny, "shell", "Lint", "--execution", good.id, "--command", waits)
    until(go.with_name("go.began").exists)
    assert tiny.call("shell", "Lint", "--execution", good.id, "--command", "cat cdk.json")[0] == 0
    go.touch()
    code, printed = first.ended()
    assert (code, "app" in printed) == (0, True)
