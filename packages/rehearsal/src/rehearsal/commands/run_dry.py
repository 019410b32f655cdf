"""`run --dry-run`: show what a run would push and execute, without doing it."""

from __future__ import annotations

from pathlib import Path
from typing import Required, TypedDict

import click

from rehearsal.commands.context import open_deployment
from rehearsal.commands.output import put_json
from rehearsal.engine.model.definition import Pipeline
from rehearsal.project import git_repository
from rehearsal.project.git_repository import Repository
from rehearsal.project.push_changes import changes_since_push
from rehearsal.views import graph
from rehearsal.workspace.layout import Workspace

MAX_LISTED_CHANGES = 20


class PushFacts(TypedDict, total=False):
    """The push as JSON; changes: since the last push, or since HEAD where that push is not known any more."""

    branch: str
    changes: list[str]
    commit: Required[str]
    since: str
    working_tree: Required[bool]


def show(space: Workspace, port: int | None, json_file: Path | None) -> None:
    """Print the push and the stages, or, where no pipeline is deployed yet, the first deployment."""
    space.make()
    repository = Repository(space.root, space.home)
    commit = repository.snapshot()
    if space.pipeline_record.exists():
        with open_deployment(space, port) as deployed:
            pipeline, branch = deployed.pipeline(), deployed.branch()
        push = _push(space, repository, commit, branch)
        facts = {**push, "first_deployment": False, **graph.as_json(pipeline)}
        lines = [*_push_lines(push), *_stage_lines(pipeline)]
    else:
        push = {"commit": commit, "working_tree": commit != repository.head}
        facts = {**push, "first_deployment": True}
        lines = [
            f"no pipeline is deployed yet: HEAD ({repository.head[:8]}) would be synthesized, its accounts",
            f"bootstrapped and its pipeline deployed; then {_commit_label(push)} would be pushed.",
        ]
    if json_file:
        put_json(json_file, facts)
    else:
        click.echo("\n".join(lines))


def _push(space: Workspace, repository: Repository, commit: str, branch: str) -> PushFacts:
    push = changes_since_push(repository, space.remote, commit, branch)
    return {
        "commit": commit,
        "working_tree": commit != repository.head,
        "branch": branch,
        "since": push.since,
        "changes": [git_repository.printable(change) for change in push.changes],
    }


def _commit_label(facts: PushFacts) -> str:
    tree = "the working tree, uncommitted changes included" if facts["working_tree"] else "HEAD"
    return f"{facts['commit'][:8]} ({tree})"


def _push_lines(facts: PushFacts) -> list[str]:
    changes = facts["changes"]
    count = f"{len(changes)} files differ from {facts['since'][:8]}" if changes else f"the same as {facts['since'][:8]}"
    more = [f"  and {len(changes) - MAX_LISTED_CHANGES} more"] if len(changes) > MAX_LISTED_CHANGES else []
    head = f"would push {_commit_label(facts)} to {facts['branch']}: {count}"
    return [head, *(f"  {change}" for change in changes[:MAX_LISTED_CHANGES]), *more]


def _stage_lines(pipeline: Pipeline) -> list[str]:
    approvals = [
        f"{stage.name}/{action.name}"
        for stage in pipeline.stages
        for action in stage.actions
        if action.type.category == graph.APPROVAL
    ]
    waiting = [f"would wait for: {', '.join(approvals)}"] if approvals else []
    return ["would run, as the deployed definition has it:", graph.text(pipeline), *waiting]
