"""`plan`: what a push of the working tree would do, without pushing it."""

from __future__ import annotations

import json
import shutil
import threading

import click

from rehearsal import assembly, git
from rehearsal.cdk import Cdk
from rehearsal.commands.project import in_project, viewing
from rehearsal.commands.up import PORT
from rehearsal.deployment import Deployment
from rehearsal.git import Repository
from rehearsal.plan.plan import Plan, make
from rehearsal.views import plan as view
from rehearsal.views.terminal import terminal
from rehearsal.workspace import Workspace


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as a JSON object instead.")
@PORT
@in_project
def plan(space: Workspace, port: int | None, *, as_json: bool) -> None:
    """Synthesize the working tree and tell what a push of it would change, run and ask; warn of known deadlocks.

    Nothing is pushed and nothing runs. Exit 1 where the working tree does not synthesize.
    """
    space.make()
    repository = Repository(space.root, space.home)
    with viewing(space, port) as deployed:
        commit = repository.snapshot()
        found = _planned(space, repository, deployed, commit)
    if as_json:
        told = {"commit": commit, "working_tree": commit != repository.head, **view.as_json(found)}
        click.echo(json.dumps(told, indent=2))
    else:
        terminal().print(view.text(found), soft_wrap=True, markup=False)


def _planned(space: Workspace, repository: Repository, deployed: Deployment, commit: str) -> Plan:
    folder, stop = space.home / "plan", threading.Event()
    shutil.rmtree(folder, ignore_errors=True)
    try:
        source, out = folder / "source", folder / "cdk.out"
        repository.export(commit, source)
        Cdk(space.root, deployed.endpoint, space.logs, stop).synth(source, out)
        return make(deployed, assembly.read(out), source, space.root / "node_modules", _pushed(space, deployed))
    finally:
        stop.set()
        shutil.rmtree(folder, ignore_errors=True)


def _pushed(space: Workspace, deployed: Deployment) -> set[str]:
    """The files of the last push."""
    tip = git.tip(space.remote, deployed.branch())
    return set(git.git("ls-tree", "-r", "--name-only", tip.id, cwd=space.remote).splitlines()) if tip else set()
