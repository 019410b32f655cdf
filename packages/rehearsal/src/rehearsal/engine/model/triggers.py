"""Triggers: which pushes and pull requests start a pipeline.

Sources: AWS CodePipeline user guide, "Add trigger with code push or pull request event types"; API reference,
"GitPushFilter", "GitPullRequestFilter".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rehearsal.engine.model import glob
from rehearsal.engine.model.definition import Action, Filter, Patterns, Pipeline, Trigger

OPEN, UPDATED, CLOSED = "OPEN", "UPDATED", "CLOSED"
GIT = ("CodeStarSourceConnection", "CodeCommit", "GitHub")


@dataclass(frozen=True)
class Push:
    """A push: its branch or its tag, and the paths that it changed."""

    branch: str = ""
    tag: str = ""
    paths: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"tag {self.tag}" if self.tag else f"branch {self.branch}"


@dataclass(frozen=True)
class PullRequest:
    """An event of a pull request: its destination branch, and the paths that its commits change."""

    event: str
    destination: str
    paths: tuple[str, ...] = ()


def mismatch_reason(pipeline: Pipeline, source: str, push: Push) -> str | None:
    """Return why the push does not start the pipeline by its source action `source`; None if it does.

    Raises KeyError where there is no such action.
    """
    action = next((declared for declared in pipeline.stages[0].actions if declared.name == source), None)
    if action is None:
        raise KeyError(source)
    trigger = next((declared for declared in pipeline.triggers if declared.source == source), None)
    if trigger is None or not (trigger.push or trigger.pull_request):
        return _branch_mismatch(action, push)
    return _trigger_mismatch(trigger, push)


def push_mismatch_reason(pipeline: Pipeline, push: Push) -> str | None:
    """Return why the push starts the pipeline by none of its git sources; None if it does, or if there are none."""
    sources = [action.name for action in pipeline.stages[0].actions if action.type.provider in GIT]
    reasons = [mismatch_reason(pipeline, source, push) for source in sources]
    return None if None in reasons else "; ".join(reason for reason in reasons if reason) or None


def pull_request_mismatch_reason(pipeline: Pipeline, source: str, request: PullRequest) -> str | None:
    """Return why the event does not start the pipeline by its source action `source`; None if it does."""
    trigger = next((declared for declared in pipeline.triggers if declared.source == source), None)
    if trigger is None or not trigger.pull_request:
        return f"{source} has no trigger with filters for pull requests"
    reasons = [_request_mismatch(filter_, request) for filter_ in trigger.pull_request]
    return None if None in reasons else "; ".join(reason for reason in reasons if reason)


def _request_mismatch(filter_: Filter, request: PullRequest) -> str | None:
    """All criteria of a filter have to match; without events it is for all of them."""
    if filter_.events and request.event not in filter_.events:
        return f"the filter is for {', '.join(filter_.events)}, not for {request.event}"
    if filter_.branches is not None and not _matches_patterns(filter_.branches, [request.destination]):
        return f"the destination {request.destination} matches no filter of branches"
    if filter_.paths is not None and not _matches_patterns(filter_.paths, request.paths):
        return "no changed path matches the filter of file paths"
    return None


def polls(action: Action) -> bool:
    """Return whether CodePipeline polls for changes of a source in S3 or CodeCommit, which is its default."""
    return action.configuration.get("PollForSourceChanges", "true").lower() != "false"


def _branch_mismatch(action: Action, push: Push) -> str | None:
    """Without filters: compare the branch of the source action, unless it does not detect changes."""
    if action.configuration.get("DetectChanges", "true").lower() == "false":
        return f"{action.name} does not detect changes (DetectChanges is false)"
    branch = action.configuration.get("BranchName") or action.configuration.get("Branch", "")
    return None if push.branch == branch else f"{action.name} follows branch {branch}, not {push}"


def _trigger_mismatch(trigger: Trigger, push: Push) -> str | None:
    """With filters: one of them has to match."""
    if not trigger.push:
        return "the trigger has filters for pull requests only"
    reasons = [_filter_mismatch(filter_, push) for filter_ in trigger.push]
    return None if None in reasons else "; ".join(reason for reason in reasons if reason)


def _filter_mismatch(filter_: Filter, push: Push) -> str | None:
    """All criteria of a filter have to match."""
    if push.tag:
        return f"{push} matches no filter of tags" if not _matches_patterns(filter_.tags, [push.tag]) else None
    if filter_.tags is not None and filter_.branches is None:
        return f"the filter is for tags, not for {push}"
    if filter_.branches is not None and not _matches_patterns(filter_.branches, [push.branch]):
        return f"{push} matches no filter of branches"
    if filter_.paths is not None and not _matches_patterns(filter_.paths, push.paths):
        return "no changed path matches the filter of file paths"
    return None


def _matches_patterns(patterns: Patterns | None, names: Iterable[str]) -> bool:
    """Return whether one of the names is included and not excluded."""
    if patterns is None:
        return False
    return any(_included(patterns, name) for name in names)


def _included(patterns: Patterns, name: str) -> bool:
    included = not patterns.includes or _matches_any(patterns.includes, name)
    return included and not _matches_any(patterns.excludes, name)


def _matches_any(patterns: Sequence[str], name: str) -> bool:
    return any(glob.matches(pattern, name) for pattern in patterns)
