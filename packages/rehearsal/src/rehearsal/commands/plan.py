"""`plan`: show the effects of a push of the working tree, without pushing it."""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from pathlib import Path

import click

from rehearsal.commands.context import open_deployment, require_deployed, with_workspace
from rehearsal.commands.options import APP, PIPELINE, PORT
from rehearsal.deploy.bootstrap import bootstrap_change_warning
from rehearsal.deploy.deployment import Deployment
from rehearsal.deploy.pushed_environments import PushedCommit
from rehearsal.host.cancellation import Cancellation
from rehearsal.plan.plan import Plan, make_plan
from rehearsal.project import git_repository, source_files
from rehearsal.project.cdk_app import MODULES, App, command_folders, modules
from rehearsal.project.cdk_cli import Cdk
from rehearsal.project.cdk_installation import CdkInstallation
from rehearsal.project.git_repository import Repository
from rehearsal.views import plan as view
from rehearsal.views.terminal import terminal
from rehearsal.workspace.layout import Workspace
from rehearsal.workspace.locks import scratch_folder


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as a JSON object instead.")
@APP
@PIPELINE
@PORT
@with_workspace
def plan(space: Workspace, port: int | None, *, app: str | None, pipeline: str | None, as_json: bool) -> None:
    """Synthesize the working tree and list what a push would change, run and wait for; warn of known deadlocks.

    Nothing is pushed and nothing runs. Exit 1 where the working tree does not synthesize.
    """
    require_deployed(space)
    installation = CdkInstallation.find(command_folders(space))
    with scratch_folder(space, "plan") as folder, open_deployment(space, port) as deployed:
        repository = Repository(space.root, folder)
        commit = repository.snapshot()
        cdk = functools.partial(Cdk, installation, deployed.endpoint, space.logs, Cancellation())
        chosen = deployed.app_of_options(App.from_options(app, pipeline))
        planned = _planned(PushedCommit(space, cdk, repository, chosen, commit), deployed)
    if as_json:
        value = {"commit": commit, "working_tree": commit != repository.head, **view.as_json(planned)}
        click.echo(json.dumps(value, indent=2))
    else:
        terminal().print(view.text(planned), soft_wrap=True, markup=False)


def _planned(commit: PushedCommit, deployed: Deployment) -> Plan:
    """Plan the push of a commit, with files in the scratch folder of its repository."""
    space, folder = commit.space, commit.repository.scratch
    assembly = commit.synthesize(folder)
    last_push = _export_last_push(space, deployed, folder / "last-push")
    planned = make_plan(deployed, assembly, folder / "source", last_push, _cdk_modules(space))
    warning = bootstrap_change_warning(space, folder / "source" / commit.repository.project)
    return replace(planned, warnings=(warning, *planned.warnings)) if warning else planned


def _cdk_modules(space: Workspace) -> Path:
    """The nearest `node_modules` that has the CDK CLI, else the project's."""
    return next((module for module in modules(space) if (module / "aws-cdk").is_dir()), space.root / MODULES)


def _export_last_push(space: Workspace, deployed: Deployment, folder: Path) -> Path:
    """Write the files of the last push into the new folder; it is empty before the first push."""
    if tip := git_repository.branch_head(space.remote, deployed.branch()):
        source_files.write_folder(space.remote, tip.id, folder, {})
    else:
        folder.mkdir()
    return folder
