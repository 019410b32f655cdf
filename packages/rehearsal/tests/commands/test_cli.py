"""The command line: exit statuses, and error messages for bad input."""

from __future__ import annotations

import json
import os
import platform
import socket
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from rehearsal.cli import VERBS, cli, main
from rehearsal.deploy import first_deployment
from rehearsal.errors import WrongUse
from rehearsal.host import host_environment
from rehearsal.project.assembly_manifest import read_assembly
from rehearsal.project.cloud_assembly import Assembly, PipelineResource, Stack
from rehearsal.workspace.layout import Server, Workspace
from tests.root import PACKAGE


def rehearsal(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run a command in `folder`; return its exit status and its output."""
    done = subprocess.run(
        [sys.executable, "-m", "rehearsal", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PACKAGE), "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a cdk.json, in a repository with one commit."""
    (tmp_path / "cdk.json").write_text('{"app": "true"}')
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@localhost"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "first"]):
        subprocess.run([*git, *command], cwd=tmp_path, check=True)
    return tmp_path


@pytest.fixture
def call(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Run a command in the project by `main` of this process, and return its exit status and its output."""

    def called(*arguments: str) -> tuple[int, str]:
        monkeypatch.chdir(project)
        monkeypatch.setattr(sys, "argv", ["__main__.py", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        assert isinstance(end.value.code, int)
        return end.value.code, "".join(capsys.readouterr())

    return called


def test_a_folder_that_is_no_project_is_refused(tmp_path: Path) -> None:
    """The error names the folder and the missing cdk.json."""
    code, said = rehearsal(tmp_path, "run")
    assert code == 2
    assert f"no cdk.json in {tmp_path}" in said


def test_a_project_without_a_repository_is_refused(tmp_path: Path) -> None:
    """A project that is not in a Git repository is an error."""
    (tmp_path / "cdk.json").write_text("{}")
    code, said = rehearsal(tmp_path, "run")
    assert code == 2
    assert "is in no git repository" in said


def test_an_embedded_aws_that_was_killed_is_reported(project: Path) -> None:
    """A command whose embedded AWS does not answer says how to start it again."""
    space = Workspace(project)
    space.make()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        space.write_server(Server(os.getpid(), f"http://127.0.0.1:{closed.getsockname()[1]}"))
        key = {"account": "111111111111", "region": "eu-west-1", "name": "tiny"}
        space.pipeline_record.write_text(json.dumps(key))
        code, said = rehearsal(project, "stop")
    assert code == 1
    assert "the embedded AWS does not answer any more" in said
    assert "the next `run` or `up` starts it again" in said


def test_an_app_that_does_not_synthesize_is_refused(project: Path) -> None:
    """A failed synthesis shows the CDK CLI's message and the path of its log."""
    (project / "cdk.json").write_text(json.dumps({"app": "echo no such setting: colour >&2; false"}))
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@x", "commit", "-qam", "bad"], cwd=project, check=True
    )
    code, said = rehearsal(project, "run", "--approve")
    assert code == 2
    assert "does not synthesize" in said
    assert "no such setting: colour" in said
    assert "cdk-synth.log" in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[invoke]]\nfunktion = 'a'\nevent = 'e.json'", "funktion"),
        ("[[invoke]]\nfunction = 'a'\nevent = 'missing.json'", "there is no file missing.json"),
        ("[[invoke", "rehearsal.toml"),
    ],
)
def test_a_bad_rehearsal_toml_is_refused(
    project: Path, call: Callable[..., tuple[int, str]], text: str, words: str
) -> None:
    """A bad rehearsal.toml is an error before anything starts."""
    (project / "rehearsal.toml").write_text(text)
    code, said = call("run")
    assert code == 2
    assert words in said
    assert not (project / ".rehearsal").exists()


@pytest.mark.parametrize("arguments", [["env", "dev"], ["approve"], ["reject"], ["logs", "Build/Synth"]])
def test_what_needs_a_run_says_so(call: Callable[..., tuple[int, str]], arguments: list[str]) -> None:
    """The error names the command to run first."""
    code, said = call(*arguments)
    assert code == 2
    assert "`python -m rehearsal" in said


def test_an_unknown_command_is_refused(project: Path) -> None:
    """click refuses an unknown command with exit status 2."""
    code, said = rehearsal(project, "deploy")
    assert code == 2
    assert "No such command 'deploy'" in said


def test_a_bug_names_its_log(project: Path) -> None:
    """A bug exits with 3 and prints the path of a log that has the traceback, the versions and the command."""
    broken = "import runpy, rehearsal.workspace.layout; rehearsal.workspace.layout.find = lambda _: 1 / 0; "
    done = subprocess.run(
        [sys.executable, "-c", broken + "runpy.run_module('rehearsal', run_name='__main__')", "status"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    log = Path(done.stderr.strip().rpartition(" ")[2])
    text = log.read_text()
    assert "ZeroDivisionError" in text
    assert f"cdk-rehearsal {version('cdk-rehearsal')}, ministack {version('ministack')}" in text
    assert f"Python {platform.python_version()}\n{platform.platform()}\n" in text
    assert text.splitlines()[3].endswith(" status")
    log.unlink()


def test_a_log_level_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--log-level` sets the log level of the embedded AWS; an unknown level is refused."""
    monkeypatch.setenv(host_environment.LOG_LEVEL, "warning")
    assert CliRunner().invoke(cli, ["--log-level", "debug", "completion", "bash"]).exit_code == 0
    assert os.environ[host_environment.LOG_LEVEL] == "debug"
    refused = CliRunner().invoke(cli, ["--log-level", "loud", "completion", "bash"])
    assert refused.exit_code == 2
    assert "'loud' is not one of 'error', 'warning', 'info', 'debug'" in refused.output


def test_functions_for_another_architecture_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions for another architecture are reported; functions for this machine's are not."""
    monkeypatch.setattr(host_environment, "architecture", lambda: "x86_64")
    template = tmp_path / "stack.json"
    said = list[str]()
    for architecture in ("x86_64", "arm64"):
        functions = {"F": {"Type": "AWS::Lambda::Function", "Properties": {"Architectures": [architecture]}}}
        template.write_text(json.dumps({"Resources": functions}))
        stack = Stack("Pipeline", "Pipeline", "111111111111", "eu-west-1", template)
        pipeline = PipelineResource(stack, "Pipeline", {})
        first_deployment.report_architecture(Assembly(tmp_path, pipeline, (stack,)), said.append)
    (line,) = said
    assert line.startswith("functions are for arm64, and this machine is x86_64")


def test_a_machine_that_lambda_does_not_know_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unsupported system is an error that says where to run instead."""
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    with pytest.raises(WrongUse, match="use WSL2 or the devcontainer"):
        host_environment.architecture()


def test_an_assembly_without_a_pipeline_is_refused(tmp_path: Path) -> None:
    """The error says which resource is expected and what was found."""
    (tmp_path / "manifest.json").write_text('{"artifacts": {}}')
    with pytest.raises(WrongUse, match=r"must hold one stack with an AWS::CodePipeline::Pipeline; found: none"):
        read_assembly(tmp_path)


def summary(name: str) -> str:
    """Return the first sentence of a command's help; empty for a hidden command."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return "" if command.hidden else command.get_short_help_str(limit=200)


@pytest.mark.parametrize("name", VERBS)
def test_the_list_of_commands_has_the_summary_of_each(name: str) -> None:
    """The table that `--help` prints equals the commands' own help."""
    assert VERBS[name].summary == summary(name)


def test_help_imports_no_command(project: Path) -> None:
    """`--help` imports neither the commands nor an AWS client, because that is slow."""
    code = "import sys; from rehearsal.cli import cli; cli.main(['--help'], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    assert "rehearsal.cli" in modules
    assert [name for name in modules if name.startswith(("rehearsal.commands.", "botocore", "rich", "pydantic"))] == []


def test_commands_that_read_no_settings_import_no_pydantic(project: Path) -> None:
    """Commands that do not read rehearsal.toml start without pydantic, whose import takes 0.1 s."""
    verbs = ("post_receive", "watch", "status", "history", "logs", "why", "approve", "stop", "retry", "rollback")
    code = f"import sys, {', '.join(f'rehearsal.commands.{verb}' for verb in verbs)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    assert "botocore.client" in modules
    assert "pydantic" not in modules
