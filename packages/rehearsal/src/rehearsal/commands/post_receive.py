"""`received`: start the pipeline after a push; the remote's post-receive hook calls it, and git shows its output.

Source: git's documentation, "githooks", post-receive.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import click

from rehearsal import program_name
from rehearsal.commands import codecommit
from rehearsal.commands.api_errors import convert_api_errors
from rehearsal.commands.context import running_deployment, with_workspace
from rehearsal.commands.stop import active_executions
from rehearsal.deploy.first_deployment import Deployment
from rehearsal.engine.model.definition import Action, Pipeline
from rehearsal.engine.model.triggers import Push, mismatch_reason
from rehearsal.errors import WrongUse
from rehearsal.project.git_repository import BRANCHES, git, pop_stashed_branch
from rehearsal.workspace.layout import Workspace

# The configuration keys of source actions for their branch; Branch is that of GitHub version 1.
BRANCH_SETTINGS = frozenset({"BranchName", "Branch"})
TAG_PREFIX = "refs/tags/"


@click.command(hidden=True)
@with_workspace
def received(space: Workspace) -> None:
    """Start the pipeline for each branch or tag that was pushed, as its source and trigger say."""
    deployed = running_deployment(space)
    for line in sys.stdin:
        before, after, ref = line.split()
        if ref.startswith(BRANCHES):
            before = pop_stashed_branch(space.remote, ref.removeprefix(BRANCHES)) or before
        if not after.strip("0"):
            click.echo(f"{ref} was deleted, which starts nothing")
        elif ref.startswith((BRANCHES, TAG_PREFIX)):
            _start_execution(space, deployed, before, after, ref)


def _start_execution(space: Workspace, deployed: Deployment, before: str, after: str, ref: str) -> None:
    push = Push(
        branch=ref.removeprefix(BRANCHES) if ref.startswith(BRANCHES) else "",
        tag=ref.removeprefix(TAG_PREFIX) if ref.startswith(TAG_PREFIX) else "",
        paths=tuple(_changed_paths(space, before, after)),
    )
    pipeline = deployed.pipeline()
    reasons = {
        action.name: mismatch_reason(pipeline, action.name, push)
        or _missing_rule(deployed, action, push, before, after)
        for action in source_actions(pipeline)
    }
    started = [name for name, reason in reasons.items() if reason is None]
    if not started:
        click.echo(f"{push} starts nothing: " + "; ".join(filter(None, reasons.values())))
        return
    with convert_api_errors("StartPipelineExecution"):
        execution = deployed.api().start_pipeline_execution(
            name=deployed.key.name,
            sourceRevisions=[
                {"actionName": name, "revisionType": "COMMIT_ID", "revisionValue": _resolve_commit(space, after)}
                for name in started
            ],
        )["pipelineExecutionId"]
    _print_started(deployed, pipeline, execution, after)


def _missing_rule(deployed: Deployment, action: Action, push: Push, before: str, after: str) -> str | None:
    """Why a push to CodeCommit starts nothing; None for other sources, which a connection or webhook starts."""
    if action.type.provider != "CodeCommit" or codecommit.polls(action):
        return None
    missing = codecommit.missing_rule(deployed, codecommit.push_event(deployed.key, action, push, before, after))
    return f"{action.name}: {missing}" if missing else None


def source_actions(pipeline: Pipeline) -> list[Action]:
    """Return the source actions that follow a git repository. Raises WrongUse where there is none."""
    actions = [each for each in pipeline.stages[0].actions if not BRANCH_SETTINGS.isdisjoint(each.configuration)]
    if not actions:
        raise WrongUse(f"no source action of {pipeline.name} follows a git repository")
    return actions


def _resolve_commit(space: Workspace, revision: str) -> str:
    """The commit id of a revision; an annotated tag is an object that refers to a commit."""
    return git("rev-parse", f"{revision}^{{commit}}", cwd=space.remote)


def _changed_paths(space: Workspace, before: str, after: str) -> Iterable[str]:
    """The changed files; for a new branch, all files of its newest commit."""
    if before.strip("0"):
        command = ["diff", "--name-only", "-z", before, after]
    else:
        command = ["ls-tree", "-r", "--name-only", "-z", after]
    return _split(git(*command, cwd=space.remote))


def _split(listed: str) -> Iterator[str]:
    yield from filter(None, listed.split("\0"))


def _print_started(deployed: Deployment, pipeline: Pipeline, execution: str, commit: str) -> None:
    others = [each for each in active_executions(deployed) if each != execution]
    click.echo(f"{deployed.key.name}: {commit[:8]} started execution {execution}")
    if others:
        modes = {
            "SUPERSEDED": "they share the stages, and a newer execution supersedes one that waits (SUPERSEDED)",
            "QUEUED": "it waits for its turn (QUEUED)",
            "PARALLEL": "they run in parallel (PARALLEL)",
        }
        click.echo(f"{len(others)} more running: {modes.get(pipeline.execution_mode, pipeline.execution_mode)}")
    click.echo(f"follow it:    {program_name.command_name()} watch {execution[:8]}")
    click.echo(f"look at it:   {program_name.command_name()} status")
