"""`plan`: show the effects of a push of the working tree, without pushing it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click

from rehearsal.commands.context import open_deployment, with_workspace
from rehearsal.commands.options import APP, PIPELINE, PORT
from rehearsal.deploy.bootstrap import bootstrap_change_warning
from rehearsal.deploy.deployment import Deployment
from rehearsal.deploy.pushed_environments import synthesize_commit
from rehearsal.host.cancellation import Cancellation
from rehearsal.plan.plan import Plan, make_plan
from rehearsal.project import git_repository, source_files
from rehearsal.project.cdk_app import MODULES, App, command_folders, modules
from rehearsal.project.cdk_cli import Cdk
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
    """Synthesize the working tree and tell what a push of it would change, run and ask; warn of known deadlocks.

    Nothing is pushed and nothing runs. Exit 1 where the working tree does not synthesize.
    """
    with scratch_folder(space, "plan") as folder, open_deployment(space, port) as deployed:
        repository = Repository(space.root, folder)
        commit = repository.snapshot()
        cdk_app = App.from_options(app, pipeline)
        planned = _planned(space, repository, deployed, commit, cdk_app)
    if as_json:
        value = {"commit": commit, "working_tree": commit != repository.head, **view.as_json(planned)}
        click.echo(json.dumps(value, indent=2))
    else:
        terminal().print(view.text(planned), soft_wrap=True, markup=False)


def _planned(space: Workspace, repository: Repository, deployed: Deployment, commit: str, app: App) -> Plan:
    """Plan the push of `commit` for the app of the options, else for the deployed app."""
    folder, stop = repository.scratch, Cancellation()
    chosen = App(app.command or deployed.app, app.pipeline or next(iter(deployed.names), None))
    try:
        source = folder / "source"
        cdk = Cdk(command_folders(space), deployed.endpoint, space.logs, stop)
        assembly = synthesize_commit(space, cdk, repository, commit, chosen, folder)
        last_push = _export_last_push(space, deployed, folder / "pushed")
        planned = make_plan(deployed, assembly, source, last_push, _cdk_modules(space))
        warning = bootstrap_change_warning(space, source / repository.project)
        return replace(planned, warnings=(warning, *planned.warnings)) if warning else planned
    finally:
        stop.set()


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
