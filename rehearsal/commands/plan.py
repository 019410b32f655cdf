"""`plan`: what a push of the working tree would do, without pushing it."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import click

from rehearsal import assembly, git, invocations
from rehearsal.application import MODULES, App, lend_modules, modules, tools
from rehearsal.cdk import Cdk
from rehearsal.commands.project import in_project, viewing
from rehearsal.commands.up import APP, PIPELINE, PORT
from rehearsal.deployment import Deployment
from rehearsal.git import Repository
from rehearsal.locks import scratch
from rehearsal.plan.plan import Plan, make
from rehearsal.views import plan as view
from rehearsal.views.terminal import terminal
from rehearsal.workspace import Workspace


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as a JSON object instead.")
@APP
@PIPELINE
@PORT
@in_project
def plan(space: Workspace, port: int | None, *, app: str | None, pipeline: str | None, as_json: bool) -> None:
    """Synthesize the working tree and tell what a push of it would change, run and ask; warn of known deadlocks.

    Nothing is pushed and nothing runs. Exit 1 where the working tree does not synthesize.
    """
    with scratch(space, "plan") as folder, viewing(space, port) as deployed:
        repository = Repository(space.root, folder)
        commit = repository.snapshot()
        wanted = App.given(app, pipeline)
        found = _planned(space, repository, deployed, commit, wanted)
    if as_json:
        told = {"commit": commit, "working_tree": commit != repository.head, **view.as_json(found)}
        click.echo(json.dumps(told, indent=2))
    else:
        terminal().print(view.text(found), soft_wrap=True, markup=False)


def _planned(space: Workspace, repository: Repository, deployed: Deployment, commit: str, app: App) -> Plan:
    """Of the app that is given, else of the one that is deployed, whose stack the pipeline's is."""
    folder, stop, default = repository.scratch, threading.Event(), invocations.configured(space.root).environment
    chosen = App(app.command or deployed.app, app.pipeline or next(iter(deployed.names), None))
    try:
        source, out = folder / "source", folder / "cdk.out"
        repository.export(commit, source)
        lend_modules(repository.top, source)
        cdk = Cdk(tools(space), deployed.endpoint, space.logs, stop)
        built = chosen.synthesized(cdk, source / repository.project, out, default, commit)
        cloud = assembly.read(built, chosen.pipeline, default)
        return make(deployed, cloud, source, _installed(space), _pushed(space, deployed, folder / "pushed"))
    finally:
        stop.set()


def _installed(space: Workspace) -> Path:
    """The folder of modules that has the CDK CLI."""
    return next((each for each in modules(space) if (each / "aws-cdk").is_dir()), space.root / MODULES)


def _pushed(space: Workspace, deployed: Deployment, folder: Path) -> Path:
    """A folder with the files of the last push."""
    if tip := git.tip(space.remote, deployed.branch()):
        git.export(space.remote, tip.id, folder)
    else:
        folder.mkdir()
    return folder
