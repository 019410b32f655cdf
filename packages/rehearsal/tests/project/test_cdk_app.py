"""The app that is rehearsed: cdk.json's, a command, or an assembly."""

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
from rehearsal.workspace.layout import Workspace


def test_a_folder_is_an_assembly_and_anything_else_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with `cdk --app`; a folder is relative to the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    with pytest.raises(WrongUse, match="--app: out is not a cloud assembly"):
        App.from_options("out", None)
    (tmp_path / "out" / "manifest.json").write_text("{}")
    assert App.from_options("out", None).assembly == tmp_path / "out"
    assert App.from_options("npx ts-node app.ts", None).assembly is None


def test_what_is_deployed_is_kept_unless_another_app_or_pipeline_is_named() -> None:
    """So that `--app` is given once."""
    assert App().matches_deployed("python app.py", ("One",))
    assert App("python app.py", "One").matches_deployed("python app.py", ("tiny", "One"))
    assert not App("python other.py").matches_deployed("python app.py", ("One",))
    assert not App(None, "Two").matches_deployed("python app.py", ("One",))


def test_without_cdk_json_the_app_has_to_be_said(tmp_path: Path) -> None:
    """In words, before CDK says it in others."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "cdk").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "cdk").chmod(0o755)
    cdk = Cdk([tmp_path / "bin"], Endpoint("http://127.0.0.1:1"), tmp_path, Cancellation())
    with pytest.raises(WrongUse, match="say with --app how the CDK app is run"):
        App().synthesize(cdk, tmp_path, tmp_path / "out", ("111111111111", "eu-west-1"))


def test_a_projects_own_tools_are_found_as_npm_finds_them(tmp_path: Path) -> None:
    """In a workspace of npm they lie above; a Python environment lies in the project."""
    project = tmp_path / "packages" / "infrastructure"
    above, own = tmp_path / "node_modules" / ".bin", project / ".venv" / "bin"
    for folder in (above, own):
        folder.mkdir(parents=True)
    assert command_folders(Workspace(project)) == [above, own]


def test_installed_modules_are_where_the_app_names_them(tmp_path: Path) -> None:
    """Beside each package.json that has them; the working tree keeps its own when the unpacked files go."""
    top, source = tmp_path / "top", tmp_path / "source"
    for folder in (
        top / "node_modules" / "a" / "node_modules",
        top / "api" / "node_modules",
        top / "new" / "node_modules",
    ):
        folder.mkdir(parents=True)
    (source / "api").mkdir(parents=True)
    link_node_modules(top, source)
    lent = sorted(str(path.relative_to(source)) for path in source.rglob("node_modules"))
    assert lent == ["api/node_modules", "node_modules"]
    assert (source / "node_modules" / "a").is_dir()
    shutil.rmtree(source)
    assert (top / "node_modules" / "a").is_dir()


def installed(folder: Path, version: str) -> Path:
    """A CDK CLI as npm installs it; its folder of commands."""
    package, commands = folder / "aws-cdk", folder / ".bin"
    (package / "bin").mkdir(parents=True)
    commands.mkdir()
    (package / "package.json").write_text(f'{{"version": "{version}"}}')
    (package / "bin" / "cdk").write_text(f"#!/bin/sh\necho {version} > called\n")
    (package / "bin" / "cdk").chmod(0o755)
    (commands / "cdk").symlink_to(package / "bin" / "cdk")
    return commands


def test_a_cli_that_cannot_reach_an_embedded_aws_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would call AWS; a newer one on PATH is used instead, and without one the message says so."""
    old, new = installed(tmp_path / "old", "2.17.0"), installed(tmp_path / "new", "2.1148.1")
    (tmp_path / "logs").mkdir()
    monkeypatch.setenv("PATH", os.pathsep.join([str(new), "/usr/bin", "/bin"]))
    cdk = Cdk([old], Endpoint("http://127.0.0.1:1"), tmp_path / "logs", Cancellation())
    cdk.synth(tmp_path, tmp_path / "out", None, ("111111111111", "eu-west-1"))
    assert (tmp_path / "called").read_text() == "2.1148.1\n"
    monkeypatch.setenv("PATH", "/usr/bin")
    with pytest.raises(WrongUse, match=r"cdk is 2\.17\.0; a CDK CLI can be pointed at an embedded AWS from 2\.167 on"):
        Cdk([old], Endpoint("http://127.0.0.1:1"), tmp_path / "logs", Cancellation())


def test_what_is_prepared_has_the_accounts_root_user(tmp_path: Path) -> None:
    """A secret that an operator creates before the first deployment, for example; in the project's folder."""
    commands = installed(tmp_path / "npm", "2.1148.1")
    (tmp_path / "logs").mkdir()
    cdk = Cdk([commands], Endpoint("http://127.0.0.1:1"), tmp_path / "logs", Cancellation())
    cdk.run_shell('echo "$AWS_ACCESS_KEY_ID $AWS_REGION" > seen && cdk', tmp_path, "222222222222", "eu-west-1")
    assert (tmp_path / "seen").read_text() == "222222222222 eu-west-1\n"
    assert (tmp_path / "called").exists()


def test_every_branch_that_a_source_follows_is_pushed_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipeline may have several sources, of branches with different names."""
    kinds = {"category": "Source", "provider": "CodeCommit"}
    actions = [
        {"name": name, "actionTypeId": kinds, "configuration": {"BranchName": branch}}
        for name, branch in (("App", "main"), ("Config", "release"), ("More", "main"))
    ]
    declared = {"name": "p", "roleArn": "", "stages": [{"name": "Source", "actions": actions}], "artifactStores": {}}
    monkeypatch.setattr(Deployment, "pipeline", lambda _: parse(declared))
    deployed = Deployment(Endpoint("http://127.0.0.1:1"), PipelineKey("111111111111", "eu-west-1", "p"))
    assert ([branch.name for branch in deployed.branches()], deployed.branch()) == (["main", "release", "main"], "main")
