"""`received`: start the pipeline after a push; the remote's post-receive hook calls it, and git shows its output.

Source: git's documentation, "githooks", post-receive.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import click

from rehearsal import program_name
from rehearsal.commands import codecommit
from rehearsal.commands.api_errors import convert_api_errors
from rehearsal.commands.context import running_deployment, with_workspace
from rehearsal.commands.stop import active_executions
from rehearsal.commands.transitions import DISABLED_REASON, disabled_transitions
from rehearsal.deploy import object_sources
from rehearsal.deploy.deployment import Deployment
from rehearsal.deploy.object_sources import Content
from rehearsal.engine.model.definition import Action, Pipeline
from rehearsal.engine.model.triggers import Push, mismatch_reason, polls
from rehearsal.project import source_files
from rehearsal.project.git_repository import BRANCHES, git, pop_stashed_branch
from rehearsal.project.remotes import Remotes
from rehearsal.workspace.layout import Workspace

# The configuration keys of source actions for their branch; Branch is that of GitHub version 1.
BRANCH_SETTINGS = frozenset({"BranchName", "Branch"})
TAG_PREFIX = "refs/tags/"
_MODES = {
    "SUPERSEDED": "they share the stages, and a newer execution supersedes one that waits (SUPERSEDED)",
    "QUEUED": "it waits for its turn (QUEUED)",
    "PARALLEL": "they run in parallel (PARALLEL)",
}


@dataclass(frozen=True)
class Received:
    """An update of a ref of a bare repository; before and after: commits, zeros where there is none."""

    remote: Path
    before: str
    after: str
    ref: str

    @cached_property
    def push(self) -> Push:
        return Push(
            branch=self.ref.removeprefix(BRANCHES) if self.ref.startswith(BRANCHES) else "",
            tag=self.ref.removeprefix(TAG_PREFIX) if self.ref.startswith(TAG_PREFIX) else "",
            paths=tuple(_changed_paths(self.remote, self.before, self.after)),
        )

    @cached_property
    def commit(self) -> str:
        """The id of the pushed commit; an annotated tag is an object that refers to a commit."""
        return git("rev-parse", f"{self.after}^{{commit}}", cwd=self.remote)


@click.command(hidden=True)
@click.option("--source", help="The source action whose own repository was pushed to.")
@with_workspace
def received(space: Workspace, source: str | None) -> None:
    """Start the pipeline for each branch or tag that was pushed, as its source and trigger say."""
    deployed, remotes = running_deployment(space), Remotes(space.remote, space.sources)
    remote = remotes.of(source) if source else space.remote
    for line in sys.stdin:
        before, after, ref = line.split()
        if ref.startswith(BRANCHES):
            before = pop_stashed_branch(remote, ref.removeprefix(BRANCHES)) or before
        if not after.strip("0"):
            click.echo(f"{ref} was deleted, which starts nothing")
        elif ref.startswith((BRANCHES, TAG_PREFIX)):
            sources = [action for action in deployed.pipeline().stages[0].actions if remotes.of(action.name) == remote]
            _start_execution(deployed, Received(remote, before, after, ref), sources, source)


def follow_repository(sources: Sequence[Action]) -> list[Action]:
    """Return the source actions that follow a branch of a repository."""
    return [source for source in sources if not BRANCH_SETTINGS.isdisjoint(source.configuration)]


def _start_execution(deployed: Deployment, pushed: Received, sources: Sequence[Action], named: str | None) -> None:
    """Start the pipeline for a push, or say why it does not start.

    sources: the source actions that read the repository. named: the source action of a repository other than the
    project's.
    """
    if repositories := follow_repository(sources):
        _start_by_push(deployed, pushed, repositories)
    elif objects := object_sources.object_sources(deployed.pipeline(), [named] if named else []):
        _start_by_upload(deployed, pushed, objects)
    else:
        click.echo(f"{pushed.push} starts nothing: no source action of {deployed.key.name} reads this repository")


def _start_by_push(deployed: Deployment, pushed: Received, sources: Sequence[Action]) -> None:
    pipeline, push = deployed.pipeline(), pushed.push
    reasons = {
        action.name: mismatch_reason(pipeline, action.name, push) or _missing_rule(deployed, action, pushed)
        for action in sources
    }
    started = [name for name, reason in reasons.items() if reason is None]
    if not started:
        click.echo(f"{push} starts nothing: " + "; ".join(filter(None, reasons.values())))
        return
    with convert_api_errors("StartPipelineExecution"):
        execution = deployed.api().start_pipeline_execution(
            name=deployed.key.name,
            sourceRevisions=[
                {"actionName": name, "revisionType": "COMMIT_ID", "revisionValue": pushed.commit} for name in started
            ],
        )["pipelineExecutionId"]
    print_started(deployed, pipeline, execution, pushed.after)


def _missing_rule(deployed: Deployment, action: Action, pushed: Received) -> str | None:
    """Why a push to CodeCommit starts nothing; None for other sources, which a connection or webhook starts."""
    if action.type.provider != "CodeCommit" or polls(action):
        return None
    event = codecommit.push_event(deployed.key, action, pushed.push, pushed.before, pushed.after)
    missing = codecommit.missing_rule(deployed, event)
    return f"{action.name}: {missing}" if missing else None


def _start_by_upload(deployed: Deployment, pushed: Received, sources: Sequence[Action]) -> None:
    """Write the pushed commit to the sources' objects; a pushed tag changes no object."""
    if pushed.push.tag:
        click.echo(f"{pushed.push} starts nothing: {sources[0].name} follows an object, which has no tags")
        return
    content = Content(pushed.commit, functools.partial(_write_zip, pushed.remote, pushed.commit))
    execution = object_sources.put(deployed, [(source, content) for source in sources])
    if execution is None:
        click.echo(f"{pushed.push} starts nothing: {object_sources.not_started_reason(sources)}")
    else:
        print_started(deployed, deployed.pipeline(), execution, pushed.commit)


def _write_zip(remote: Path, commit: str, zip_file: Path) -> None:
    source_files.write_zip(remote, commit, zip_file)


def _changed_paths(remote: Path, before: str, after: str) -> Iterable[str]:
    """Return the changed files; of a new branch, all files of its newest commit."""
    if before.strip("0"):
        command = ["diff", "--name-only", "-z", before, after]
    else:
        command = ["ls-tree", "-r", "--name-only", "-z", after]
    return _split(git(*command, cwd=remote))


def _split(listed: str) -> Iterator[str]:
    yield from filter(None, listed.split("\0"))


def _disabled_transition(stage: str, reason: str) -> str:
    or_run = f", or the next `{program_name.command_name()} run`," if reason == DISABLED_REASON else ""
    return (
        f"it waits before {stage}, whose transition is disabled ({reason}):"
        f" `aws codepipeline enable-stage-transition`{or_run} enables it"
    )


def print_started(deployed: Deployment, pipeline: Pipeline, execution: str, commit: str) -> None:
    """Print the execution that a commit has started, and how to follow it."""
    others = [id_ for id_ in active_executions(deployed) if id_ != execution]
    click.echo(f"{deployed.key.name}: {commit[:8]} started execution {execution}")
    if others:
        click.echo(f"{len(others)} more running: {_MODES.get(pipeline.execution_mode, pipeline.execution_mode)}")
    for stage, reason in disabled_transitions(deployed).items():
        click.echo(_disabled_transition(stage, reason))
    click.echo(f"follow it:    {program_name.command_name()} watch {execution[:8]}")
    click.echo(f"look at it:   {program_name.command_name()} status")
