"""A full run: push the working tree, follow the execution to its end, invoke the deployed functions."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import ClientError
from rich.console import Console

from rehearsal.aws import Endpoint
from rehearsal.commands import run_partial
from rehearsal.commands.follow import Follower, is_target_reached
from rehearsal.commands.image_option import set_build_image
from rehearsal.commands.output import output_console, put_json
from rehearsal.commands.run_options import RunOptions
from rehearsal.deploy import object_sources
from rehearsal.deploy.deployment import Deployment
from rehearsal.deploy.first_deployment import Operator
from rehearsal.deploy.object_sources import Content
from rehearsal.emulator.functions.mounts import mount_error
from rehearsal.emulator.server import launcher
from rehearsal.engine.model.definition import Action
from rehearsal.engine.model.triggers import Push, push_mismatch_reason
from rehearsal.host import host_environment
from rehearsal.host.cancellation import Cancellation
from rehearsal.project import configuration
from rehearsal.project.cloud_assembly import Branch
from rehearsal.project.configuration import Config
from rehearsal.project.deployed_stacks import list_deployed_stacks
from rehearsal.project.function_calls import FunctionResponse, invoke_functions
from rehearsal.project.git_repository import Repository
from rehearsal.project.push_changes import changes_since_push
from rehearsal.project.remotes import Remotes
from rehearsal.project.source_trees import SourceTrees
from rehearsal.views.execution_view import ExecutionView
from rehearsal.views.summary import RunSummary
from rehearsal.workspace import prepared_folders, retention
from rehearsal.workspace.acceptances import AcceptedFile
from rehearsal.workspace.clock import Clock, parse_scale
from rehearsal.workspace.layout import Workspace
from rehearsal.workspace.locks import exclusive_run


def run_full(space: Workspace, options: RunOptions) -> int:
    """Run the pipeline for the working tree.

    Returns 0 if the execution succeeded (or reached --until) and every function answered, else 1.
    """
    config = configuration.read_config(space.root)  # a mistake in it is reported before anything is created
    began, console = time.monotonic(), output_console(options.json_file)
    scale = parse_scale(options.clock) if options.clock else None
    with exclusive_run(space):
        if scale:
            space.make()
            Clock(space.clock).set_scale(scale)
        host_environment.architecture()
        repository = _prepare(space, config, console, options)
        # git's snapshot runs in parallel with calls of the embedded AWS
        with _start_emulator(space, options.port, iam=options.iam) as (endpoint, stop), ThreadPoolExecutor(1) as worker:
            remotes = Remotes(space.remote, space.sources)
            reading = worker.submit(SourceTrees, space.root, repository, config.sources, remotes)
            tell = functools.partial(console.print, style="dim", soft_wrap=True)
            deployed = Operator(space, endpoint, repository, options.cdk_app, tell, stop).ensure_deployed(
                lambda: reading.result().project.commit,
                push=lambda branches: _push(console, reading.result(), branches),
            )
            prepared_folders.link(space.caches, config.codebuild.prepared)  # what was prepared during the deployment
            trees = reading.result()
            worker.submit(mount_error)  # computes the cached answer for the report at the end of the run
            views = _execute(space, console, deployed, trees, options)
            responses = _call_functions(space, config, endpoint, deployed, views[-1])
    summary = RunSummary(space, views, responses, time.monotonic() - began, endpoint.iam)
    summary.show(console)
    put_json(options.json_file, summary.as_json())
    return 0 if is_target_reached(views[-1], options.until) and all(response.ok for response in responses) else 1


def _execute(
    space: Workspace, console: Console, deployed: Deployment, trees: SourceTrees, options: RunOptions
) -> list[ExecutionView]:
    """Push the working trees, and follow the execution that this starts."""
    trees.check_names([action.name for action in deployed.pipeline().stages[0].actions])
    run_partial.reopen_transitions(deployed)
    if not deployed.first_execution:
        _push_as_trigger(console, trees, deployed)
    with run_partial.closed_transition(deployed, options.until):
        started = _started(console, deployed, trees, options)
        return Follower(space, console, deployed, options.verdict, until=options.until).follow(started)


def _prepare(space: Workspace, config: Config, console: Console, options: RunOptions) -> Repository:
    space.make()
    set_build_image(space, config, options.image)
    prepared_folders.link(space.caches, config.codebuild.prepared)
    space.remove_failed_work_folders()
    AcceptedFile(space).write([*config.accept, *options.names])
    repository = Repository(space.root, space.home)
    for message in retention.enforce_disk_limit(space, int(config.disk_gigabytes * 10**9)):
        console.print(message, style="dim", soft_wrap=True)
    return repository


@contextlib.contextmanager
def _start_emulator(space: Workspace, port: int | None, *, iam: bool | None) -> Iterator[tuple[Endpoint, Cancellation]]:
    """Run the embedded AWS; yield it with a cancellation that is set at the end, to stop running commands."""
    stop = Cancellation()
    with launcher.join_or_start(space, port, iam=iam) as endpoint:
        try:
            yield endpoint, stop
        finally:
            stop.set()


def _started(console: Console, deployed: Deployment, trees: SourceTrees, options: RunOptions) -> str:
    """Return the execution to follow: the one that the pipeline's creation or an upload started, or a new one.

    With --until it is a new one: the first execution may pass that stage before the transition is disabled. With
    sources in S3 or ECR it is a new one as well, because the first execution has found nothing there.
    """
    sources = object_sources.object_sources(deployed.pipeline(), trees.repositories)
    if deployed.first_execution and not options.until and not sources:
        return deployed.first_execution
    if deployed.first_execution:
        with contextlib.suppress(ClientError):  # it has ended
            deployed.api().stop_pipeline_execution(
                pipelineName=deployed.key.name, pipelineExecutionId=deployed.first_execution, abandon=True
            )
    if sources and (execution := _put_objects(console, deployed, trees, sources)):
        return execution
    return str(deployed.api().start_pipeline_execution(name=deployed.key.name)["pipelineExecutionId"])


def _put_objects(console: Console, deployed: Deployment, trees: SourceTrees, sources: Sequence[Action]) -> str | None:
    """Write the working tree to S3 and ECR; return the execution that this starts, else warn that AWS starts none."""
    contents = [(source, Content(trees.of(source.name).commit, trees.of(source.name).write_zip)) for source in sources]
    execution = object_sources.put(deployed, contents)
    places = ", ".join(map(object_sources.describe, sources))
    console.print(f"wrote {trees.of(sources[0].name).commit[:8]} to {places}", style="dim", soft_wrap=True)
    if execution is None:
        reason = object_sources.not_started_reason(sources)
        warning = f"on AWS this would not start the pipeline ({reason}); here it is started all the same"
        console.print(warning, style="dim", soft_wrap=True)
    return execution


def _push(console: Console, trees: SourceTrees, branches: Sequence[Branch]) -> None:
    """Push each source's working tree to the branch that it follows."""
    pushed = dict.fromkeys((trees.of(branch.source), branch.name) for branch in branches)
    for tree, branch in pushed:
        tree.push(branch)
    for tree in dict.fromkeys(tree for tree, _ in pushed):
        what = "" if tree.commit == tree.repository.head else " (the working tree, uncommitted changes included)"
        names = ", ".join(branch for pushed_tree, branch in pushed if pushed_tree is tree)
        where = "" if tree is trees.project else f" of {tree.repository.top}"
        console.print(f"pushed {tree.commit[:8]} to {names}{where}{what}", style="dim", soft_wrap=True)


def _push_as_trigger(console: Console, trees: SourceTrees, deployed: Deployment) -> None:
    """Push to every branch that the pipeline follows, and warn if the push would not start the pipeline on AWS."""
    branches, branch, project = deployed.branches(), deployed.branch(), trees.project
    changes = changes_since_push(project.repository, project.remote, project.commit, branch)
    _push(console, trees, branches)
    push = Push(branch=branch, paths=changes.paths)
    if branches and push.paths and (reason := push_mismatch_reason(deployed.pipeline(), push)):
        warning = f"on AWS this push would not start the pipeline ({reason}); here it is started all the same"
        console.print(warning, style="dim", soft_wrap=True)


def _call_functions(
    space: Workspace, config: Config, endpoint: Endpoint, deployed: Deployment, view: ExecutionView
) -> list[FunctionResponse]:
    if view.status != "Succeeded":
        return []
    stacks = list_deployed_stacks(deployed.pipeline(), deployed.key.region)
    return invoke_functions(config, space.root, endpoint, stacks)
