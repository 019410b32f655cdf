"""A project whose tiny pipeline is deployed to a separate embedded AWS, and its executions."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from rehearsal.aws import Endpoint, root
from rehearsal.cli import cli
from rehearsal.deploy.deployment import Deployment
from rehearsal.emulator.server import launcher
from rehearsal.engine.model.definition import PipelineKey
from rehearsal.engine.state import journal
from rehearsal.errors import RehearsalError
from rehearsal.host.atomic_write import write_json
from rehearsal.project.cloud_assembly import QUALIFIER
from rehearsal.project.git_repository import Repository
from rehearsal.views.execution_view import ExecutionView, replay
from rehearsal.workspace.layout import Workspace
from tests.commands.templates import ACCOUNT, REGION, TEMPLATE, with_one_build

LIMIT = 120


class Tiny:
    """The project whose pipeline is deployed."""

    def __init__(self, folder: Path, endpoint: Endpoint) -> None:
        self.root, self.space = folder, Workspace(folder)
        self.deployed = Deployment(endpoint, PipelineKey(ACCOUNT, REGION, "tiny"))

    def call(self, *arguments: str) -> tuple[int, str]:
        """Run a command of the command line; return its exit status and its output."""
        done = CliRunner().invoke(cli, arguments, standalone_mode=False)
        if isinstance(done.exception, RehearsalError):
            return done.exception.exit_code, f"{done.output}{done.exception}"
        if isinstance(done.exception, click.ClickException):
            return done.exception.exit_code, f"{done.output}{done.exception.format_message()}"
        if done.exception:
            raise done.exception
        return done.return_value or 0, done.output

    @property
    def signals(self) -> Path:
        """A folder that builds can see too; the project is hidden from them."""
        return self.space.builds.parent

    def git(self, *arguments: str) -> str:
        command = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost", *arguments]
        done = subprocess.run(command, cwd=self.root, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def start(self, **scripts: str) -> str:
        """Push the working tree with a script for each named build, and start an execution of it."""
        for name, text in scripts.items():
            (self.root / f"{name}.sh").write_text(text)
        repository = Repository(self.root, self.space.home)
        repository.push(repository.snapshot(), self.space.remote, "main")
        for name in scripts:
            (self.root / f"{name}.sh").unlink()
        return str(self.deployed.api().start_pipeline_execution(name="tiny")["pipelineExecutionId"])

    def run(self, **scripts: str) -> ExecutionView:
        """Run an execution to its end and approve it."""
        execution = self.start(**scripts)
        until(lambda: self.view(execution).status != "InProgress" or self.call("approve")[0] == 0)
        return self.ended(execution)

    def end_first(self) -> None:
        """End the execution that the pipeline's creation started, so that a test finds none."""
        api, name = self.deployed.api(), self.deployed.key.name
        first = api.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"][0]["pipelineExecutionId"]
        with contextlib.suppress(ClientError):  # it has failed, because nothing was pushed
            api.stop_pipeline_execution(pipelineName=name, pipelineExecutionId=first, abandon=True)
        self.ended(first)
        shutil.rmtree(self.space.execution(first))

    def view(self, execution: str) -> ExecutionView:
        return replay(journal.read(self.space.journal(execution)))

    def ended(self, execution: str, limit: float = LIMIT) -> ExecutionView:
        until(lambda: self.view(execution).seconds is not None, limit)
        return self.view(execution)


def until(condition: Callable[[], bool], limit: float = LIMIT) -> None:
    """Wait until `condition` holds; fail after `limit` seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, "the condition was never met"
        time.sleep(0.02)


@contextmanager
def tiny_project(folder: Path, template: Mapping[str, Any] | None = None) -> Iterator[Tiny]:
    """Yield a repository whose pipeline is deployed in a separate embedded AWS; remove both afterwards."""
    (folder / "cdk.json").write_text('{"app": "true"}')
    space = Workspace(folder)
    tiny = Tiny(folder, launcher.up(space, None).to_endpoint())
    try:
        for command in (["init", "-q", "-b", "main"], ["add", "cdk.json"], ["commit", "-qm", "first"]):
            tiny.git(*command)
        create(tiny, "tiny", dict(template or TEMPLATE))
        bootstrap(tiny)
        tiny.end_first()
        write_json(space.pipeline_record, asdict(tiny.deployed.key))
        yield tiny
    finally:
        launcher.down(space)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiny]:
    with tiny_project(tmp_path_factory.mktemp("tiny")) as tiny:
        yield tiny
        launcher.down(tiny.space)
        assert tiny.space.saved.exists(), (tiny.space.logs / "emulator.log").read_text()


@pytest.fixture(scope="session")
def _ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiny]:
    with tiny_project(tmp_path_factory.mktemp("ended"), with_one_build("Compile")) as tiny:
        launcher.down(tiny.space)
        yield tiny


@pytest.fixture
def ended(_ended: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tiny]:
    """A tiny project with one build, whose embedded AWS has saved its state; a test may start and kill it."""
    shutil.copytree(_ended.root, tmp_path, symlinks=True, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    tiny = Tiny(tmp_path, _ended.deployed.endpoint)
    tiny.space.make()
    yield tiny
    launcher.down(tiny.space)
    shutil.rmtree(tmp_path, ignore_errors=True)


def create(tiny: Tiny, stack: str, template: dict[str, Any], *, update: bool = False) -> None:
    """Create (or update) a stack and wait for it."""
    api = tiny.deployed.endpoint.client("cloudformation", root(ACCOUNT), REGION)
    (api.update_stack if update else api.create_stack)(
        StackName=stack, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    waiter = api.get_waiter("stack_update_complete" if update else "stack_create_complete")
    waiter.wait(StackName=stack, WaiterConfig={"Delay": 0.1})


def bootstrap(tiny: Tiny) -> None:
    """Record a bootstrap of the account, as a first deployment does, so that no command starts the CDK CLI for it."""
    create(tiny, "CDKToolkit", {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    record = {"command": "", "digest": hashlib.sha256().hexdigest(), "environments": [[ACCOUNT, REGION, QUALIFIER]]}
    write_json(tiny.space.aws / "bootstrap.json", record)


@pytest.fixture
def tiny(_tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tiny]:
    """The tiny project, in its folder; running executions are stopped afterwards, and changes to files are reset."""
    monkeypatch.chdir(_tiny.root)
    yield _tiny
    api = _tiny.deployed.api()
    for summary in api.list_pipeline_executions(pipelineName="tiny")["pipelineExecutionSummaries"]:
        if summary["status"] in ("InProgress", "Stopping"):
            with contextlib.suppress(api.exceptions.PipelineExecutionNotStoppableException):  # it has ended since
                api.stop_pipeline_execution(
                    pipelineName="tiny", pipelineExecutionId=summary["pipelineExecutionId"], abandon=True
                )
            _tiny.ended(summary["pipelineExecutionId"])
    _tiny.git("reset", "--quiet", "--hard")
    _tiny.git("clean", "--quiet", "--force", "-d")


@pytest.fixture(scope="session")
def _two(_tiny: Tiny) -> tuple[ExecutionView, ExecutionView]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(_tiny.root)
        return _tiny.run(), _tiny.run(Lint="exit 7")


@pytest.fixture
def good(tiny: Tiny, _two: tuple[ExecutionView, ExecutionView]) -> ExecutionView:
    """An execution that succeeded."""
    return _two[0]


@pytest.fixture
def bad(tiny: Tiny, _two: tuple[ExecutionView, ExecutionView]) -> ExecutionView:
    """A later execution, whose action Lint failed."""
    return _two[1]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A project without executions and without a running embedded AWS."""
    (tmp_path / "cdk.json").write_text('{"app": "true"}')
    monkeypatch.chdir(tmp_path)
    return Workspace(tmp_path)


@pytest.fixture
def empty(project: Workspace) -> Tiny:
    """The same project, to call commands in."""
    return Tiny(project.root, Endpoint("http://127.0.0.1:1"))
