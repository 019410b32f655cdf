"""`run`: from the working tree to prod, and back with the answers."""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from rehearsal import deployment, disk, invocations, machine
from rehearsal.accepted import AcceptedFile
from rehearsal.application import App
from rehearsal.aws import Endpoint
from rehearsal.commands import dryrun, part
from rehearsal.commands.follow import follow, reached
from rehearsal.commands.listing import GRAPHS, looked_at, show_graph, show_list
from rehearsal.commands.names import ACTION, EXECUTION, STAGE
from rehearsal.commands.only import run_only
from rehearsal.commands.output import JSON_FILE, put_json
from rehearsal.commands.project import in_project
from rehearsal.commands.up import APP, IAM, PIPELINE, PORT
from rehearsal.emulator import launcher
from rehearsal.emulator.functions.coldstarts import Record
from rehearsal.engine.triggers import Push, nobody_starts
from rehearsal.git import Repository, tip
from rehearsal.locks import alone
from rehearsal.views import summary
from rehearsal.views.state import ExecutionView, stages_as_json
from rehearsal.views.terminal import terminal
from rehearsal.workspace import Workspace


@click.command()
@click.option("--approve", "verdict", flag_value="Approved", help="Approve every manual approval beforehand.")
@click.option("--reject", "verdict", flag_value="Rejected", help="Reject every manual approval beforehand.")
@click.option(
    "--list",
    "listing",
    is_flag=True,
    help="List the actions, as deployed or as --app has them; run nothing.",
)
@click.option(
    "--graph",
    metavar="[text|mermaid|svg]",
    type=click.Choice(sorted(GRAPHS)),
    is_flag=False,
    flag_value="text",
    help="Draw the pipeline, as deployed or as --app has it; run nothing.",
)
@click.option("--until", metavar="STAGE", type=STAGE, help="Stop when this stage has succeeded.")
@click.option("--from", "first", metavar="STAGE", type=STAGE, help="Push nothing: begin here, with old artifacts.")
@click.option("--only", metavar="ACTION", type=ACTION, help="Push nothing: run this action alone, with old artifacts.")
@click.option("--execution", "wanted", metavar="ID", type=EXECUTION, help="With --from and --only: whose artifacts.")
@click.option("--dry-run", is_flag=True, help="Tell what would be pushed and run, run nothing.")
@click.option(
    "--accept",
    "names",
    multiple=True,
    metavar="NAME",
    help="Go on without what cannot be rehearsed: an action's provider, or a type AWS::Service::Resource. Repeatable.",
)
@APP
@PIPELINE
@JSON_FILE
@PORT
@IAM
@in_project
def run(
    space: Workspace,
    *,
    verdict: str | None,
    graph: str | None,
    json_file: Path | None,
    port: int | None,
    first: str | None,
    until: str | None,
    only: str | None,
    wanted: str | None,
    names: tuple[str, ...],
    iam: bool | None,
    listing: bool,
    dry_run: bool,
    app: str | None,
    pipeline: str | None,
) -> int:
    """Push the working tree, follow the pipeline through every stage, call the deployed functions.

    Exit 0 if the execution succeeded and every function answered, else 1.
    """
    if sum([listing, graph is not None, dry_run, first is not None, only is not None]) > 1:
        raise click.UsageError("one of --list, --graph, --dry-run, --from and --only at a time")
    if only and until:
        raise click.UsageError("--only is one action: --until has nothing to add")
    wanted_app = App.given(app, pipeline)
    if listing:
        show_list(looked_at(space, port, wanted_app), json_file)
    elif graph:
        show_graph(looked_at(space, port, wanted_app), graph)
    elif dry_run:
        dryrun.show(space, port, json_file)
    elif only:
        return run_only(space, only, wanted=wanted, verdict=verdict, port=port)
    elif first:
        return part.run_from(space, first, until=until, wanted=wanted, verdict=verdict, port=port)
    else:
        invocations.configured(space.root)  # a mistake in it is told before anything is made
        with alone(space):
            return _rehearse(
                space,
                wanted_app,
                verdict=verdict,
                until=until,
                json_file=json_file,
                names=names,
                port=port,
                iam=iam,
            )
    return 0


def _rehearse(
    space: Workspace,
    app: App,
    *,
    verdict: str | None,
    until: str | None,
    json_file: Path | None,
    names: tuple[str, ...],
    port: int | None,
    iam: bool | None,
) -> int:
    began = time.monotonic()
    console = terminal()
    machine.architecture()
    config = invocations.configured(space.root)
    space.make()
    space.tidy()
    AcceptedFile(space).write(names)
    repository = Repository(space.root, space.home)

    def tell(text: str) -> None:
        console.print(text, style="dim", soft_wrap=True)

    for said in disk.look_after(space, int(config.disk_gigabytes * 10**9)):
        tell(said)
    with _running(space, port, iam=iam) as (endpoint, stop):
        deployed = deployment.ensure(space, endpoint, repository, tell, stop, app=app)
        part.reopen(deployed)
        branches = deployed.branches()
        commit = repository.snapshot()
        push = pushed(space, repository, commit, branches[0])
        for branch in branches:
            repository.push(commit, space.remote, branch)
        tell(
            f"pushed {commit[:8]} to {', '.join(branches)}"
            + ("" if commit == repository.head else " (the working tree, uncommitted changes included)")
        )
        if push.paths and (reason := nobody_starts(deployed.pipeline(), push)):
            tell(f"on AWS this push would not start the pipeline ({reason}); here it is started all the same")
        reach = functools.partial(deployment.reach, space, deployed, tell, stop)
        with part.closed_behind(deployed, until):
            started = deployed.api().start_pipeline_execution(name=deployed.key.name)["pipelineExecutionId"]
            views = follow(space, console, deployed, started, verdict=verdict, on_restart=reach, until=until)
        answers = _answers(space, config, endpoint, deployed, views[-1])
    result = _result(space, views, answers, time.monotonic() - began, iam=endpoint.iam)
    if json_file:
        put_json(json_file, result)
    summary.show(console, space, views[-1], answers, result["wall_seconds"], iam=endpoint.iam)
    good = reached(views[-1], until) and all(answer.ok for answer in answers)
    return 0 if good else 1


@contextlib.contextmanager
def _running(space: Workspace, port: int | None, *, iam: bool | None) -> Iterator[tuple[Endpoint, threading.Event]]:
    """The embedded AWS, and an event that ends what was started beside it when the block is left early."""
    stop = threading.Event()
    with launcher.running(space, port, iam=iam) as endpoint:
        try:
            yield endpoint, stop
        finally:
            stop.set()


def pushed(space: Workspace, repository: Repository, commit: str, branch: str) -> Push:
    """What the push of `commit` changes: since the last push, or since HEAD where that is not known any more."""
    before = tip(space.remote, branch)
    since = before.id if before and repository.has(before.id) else repository.head
    paths = [each.partition(" ")[2] for each in repository.changes(since, commit)]
    return Push(branch=branch, paths=tuple(paths))


def _answers(
    space: Workspace,
    config: invocations.Config,
    endpoint: Endpoint,
    deployed: deployment.Deployment,
    view: ExecutionView,
) -> list[invocations.Answer]:
    if view.status != "Succeeded":
        return []
    stacks = invocations.stacks(deployed.pipeline(), deployed.key.region)
    return list(invocations.call(config, space.root, endpoint, stacks))


def _result(
    space: Workspace, views: list[ExecutionView], answers: list[invocations.Answer], seconds: float, *, iam: bool
) -> dict[str, Any]:
    """What `--json` writes; the contract is in docs/rehearsal.md."""
    last = views[-1]
    return {
        "execution_id": last.id,
        "status": last.status,
        "wall_seconds": round(seconds, 2),
        "earlier": [{"execution_id": view.id, "status": view.status} for view in views[:-1]],
        "stages": stages_as_json(last),
        "invocations": [
            {"environment": each.environment, "account": each.account, "function": each.function, "ok": each.ok}
            for each in answers
        ],
        "cold_starts": [asdict(each) for each in Record(space.cold_starts).latest()],
        "not_emulated": summary.limits(space, last, iam=iam),
    }
