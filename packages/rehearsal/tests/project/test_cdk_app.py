"""The rehearsed app: cdk.json's, a command, or an assembly."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from rehearsal.aws import Endpoint
from rehearsal.deploy.deployment import Deployment
from rehearsal.engine.model.declaration import parse
from rehearsal.engine.model.definition import PipelineKey
from rehearsal.errors import WrongUse
from rehearsal.host.cancellation import Cancellation
from rehearsal.project.cdk_app import App, command_folders, link_node_modules
from rehearsal.project.cdk_cli import Cdk
from rehearsal.project.cdk_installation import CdkInstallation
from rehearsal.project.configuration import Config
from rehearsal.workspace.layout import Workspace


def test_a_folder_is_an_assembly_and_anything_else_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--app` is a folder relative to the current one, or a command, as with `cdk --app`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    with pytest.raises(WrongUse, match="--app: out is not a cloud assembly"):
        App.from_options("out", None)
    (tmp_path / "out" / "manifest.json").write_text("{}")
    assert App.from_options("out", None).assembly == tmp_path / "out"
    assert App.from_options("npx ts-node app.ts", None).assembly is None


def test_the_deployed_app_is_the_default() -> None:
    """The deployed app and pipeline match unless other ones are named, so `--app` is given only once."""
    assert App().matches_deployed("python app.py", ("One",))
    assert App("python app.py", "One").matches_deployed("python app.py", ("tiny", "One"))
    assert not App("python other.py").matches_deployed("python app.py", ("One",))
    assert not App(None, "Two").matches_deployed("python app.py", ("One",))


def test_another_context_is_another_deployment() -> None:
    """A changed [context] deploys the pipeline again, as an operator would by hand."""
    key = PipelineKey("111111111111", "eu-west-1", "p")
    deployed = Deployment(Endpoint("http://127.0.0.1:1"), key, "python app.py", {"stage": "dev"}, ("One",))
    assert deployed.matches(App(None, "One"), {"stage": "dev"})
    assert not deployed.matches(App(), {"stage": "prod"})
    assert not deployed.matches(App("python other.py"), {"stage": "dev"})


def test_without_cdk_json_app_is_required(tmp_path: Path) -> None:
    """The error says to use `--app`, before the CDK CLI runs."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "cdk").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "cdk").chmod(0o755)
    cdk = Cdk(CdkInstallation.find([tmp_path / "bin"]), Endpoint("http://127.0.0.1:1"), tmp_path, Cancellation())
    with pytest.raises(WrongUse, match="say with --app how the CDK app is run"):
        App().synthesize(cdk, tmp_path, tmp_path / "out", Config())


def test_a_projects_own_tools_are_found_as_npm_finds_them(tmp_path: Path) -> None:
    """node_modules/.bin is found in parent folders, as in an npm workspace, and .venv in the project."""
    project = tmp_path / "packages" / "infrastructure"
    above, own = tmp_path / "node_modules" / ".bin", project / ".venv" / "bin"
    for folder in (above, own):
        folder.mkdir(parents=True)
    assert command_folders(Workspace(project)) == [above, own]


def test_installed_modules_are_where_the_app_names_them(tmp_path: Path) -> None:
    """node_modules are linked into each folder that the source has; deleting the source keeps their files."""
    top, source = tmp_path / "top", tmp_path / "source"
    for folder in (
        top / "node_modules" / "a" / "node_modules",
        top / "api" / "node_modules",
        top / "new" / "node_modules",
    ):
        folder.mkdir(parents=True)
    (source / "api").mkdir(parents=True)
    link_node_modules(top, source)
    linked = sorted(str(path.relative_to(source)) for path in source.rglob("node_modules"))
    assert linked == ["api/node_modules", "node_modules"]
    assert (source / "node_modules" / "a").is_dir()
    shutil.rmtree(source)
    assert (top / "node_modules" / "a").is_dir()


def installed(folder: Path, version: str) -> Path:
    """Install a CDK CLI as npm does, and return its folder of commands."""
    package, commands = folder / "aws-cdk", folder / ".bin"
    (package / "bin").mkdir(parents=True)
    commands.mkdir()
    (package / "package.json").write_text(f'{{"version": "{version}"}}')
    (package / "bin" / "cdk").write_text(f"#!/bin/sh\necho {version} > called\n")
    (package / "bin" / "cdk").chmod(0o755)
    (commands / "cdk").symlink_to(package / "bin" / "cdk")
    return commands


def test_context_is_on_the_command_line(tmp_path: Path) -> None:
    """[context] of rehearsal.toml is what an operator gives with `--context`, also a value with spaces or `=`."""
    commands = installed(tmp_path / "npm", "2.1148.1")
    (commands / "cdk").write_text('#!/bin/sh\nprintf "%s\\n" "$@" > given\n')
    for folder in ("logs", "project"):
        (tmp_path / folder).mkdir()
    (tmp_path / "project" / "cdk.json").write_text("{}")
    cdk = Cdk(CdkInstallation.find([commands]), Endpoint("http://127.0.0.1:1"), tmp_path / "logs", Cancellation())
    config = Config.model_validate({"context": {"stage": "dev", "@team/flags": "a b=c"}})
    App().synthesize(cdk, tmp_path / "project", tmp_path / "out", config)
    given = (tmp_path / "project" / "given").read_text().splitlines()
    assert given[given.index("--context") :][:4] == ["--context", "stage=dev", "--context", "@team/flags=a b=c"]


def test_a_cli_that_cannot_reach_an_embedded_aws_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A CDK CLI too old for an embedded AWS is skipped for a newer one on PATH; without one, it is an error."""
    old, new = installed(tmp_path / "old", "2.17.0"), installed(tmp_path / "new", "2.1148.1")
    (tmp_path / "logs").mkdir()
    monkeypatch.setenv("PATH", os.pathsep.join([str(new), "/usr/bin", "/bin"]))
    cdk = Cdk(CdkInstallation.find([old]), Endpoint("http://127.0.0.1:1"), tmp_path / "logs", Cancellation())
    cdk.synth(tmp_path, tmp_path / "out", None, ("111111111111", "eu-west-1"), context={})
    assert (tmp_path / "called").read_text() == "2.1148.1\n"
    monkeypatch.setenv("PATH", "/usr/bin")
    with pytest.raises(WrongUse, match=r"cdk is 2\.17\.0; a CDK CLI can be pointed at an embedded AWS from 2\.167 on"):
        Cdk(CdkInstallation.find([old]), Endpoint("http://127.0.0.1:1"), tmp_path / "logs", Cancellation())


def test_prepare_commands_run_as_the_accounts_root_user(tmp_path: Path) -> None:
    """Commands of [[prepare]] have the root user's credentials, and run in the project's folder."""
    commands = installed(tmp_path / "npm", "2.1148.1")
    (tmp_path / "logs").mkdir()
    cdk = Cdk(CdkInstallation.find([commands]), Endpoint("http://127.0.0.1:1"), tmp_path / "logs", Cancellation())
    cdk.run_shell('echo "$AWS_ACCESS_KEY_ID $AWS_REGION" > seen && cdk', tmp_path, "222222222222", "eu-west-1")
    assert (tmp_path / "seen").read_text() == "222222222222 eu-west-1\n"
    assert (tmp_path / "called").exists()


def test_every_branch_that_a_source_follows_is_pushed_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """The branches of all sources are pushed to, which may differ."""
    kinds = {"category": "Source", "provider": "CodeCommit"}
    actions = [
        {"name": name, "actionTypeId": kinds, "configuration": {"BranchName": branch}}
        for name, branch in (("App", "main"), ("Config", "release"), ("More", "main"))
    ]
    declared = {"name": "p", "roleArn": "", "stages": [{"name": "Source", "actions": actions}], "artifactStores": {}}
    monkeypatch.setattr(Deployment, "pipeline", lambda _: parse(declared))
    deployed = Deployment(Endpoint("http://127.0.0.1:1"), PipelineKey("111111111111", "eu-west-1", "p"))
    assert ([branch.name for branch in deployed.branches()], deployed.branch()) == (["main", "release", "main"], "main")
