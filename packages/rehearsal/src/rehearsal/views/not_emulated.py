"""The report at the end of a run of what was not emulated; docs/fidelity.md has the whole table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rehearsal.codebuild.build_log import IN_IMAGE, read_notes
from rehearsal.emulator.functions.mounts import mount_error
from rehearsal.views.execution_view import ActionView, ExecutionView
from rehearsal.workspace.build_area import VARIABLE

_NO_IAM = "IAM: --no-iam lets everybody do everything"
_ADMINISTRATORS = (
    "CloudFormation may do everything (AdministratorAccess): rehearsal.toml names no bootstrap of the project's own"
)
_BOOTSTRAPPED = (
    "bootstrapped by the rehearsal because policies or accounts changed; on AWS an operator has to do it before"
    " the push"
)
_BUILDS = ("Build/CodeBuild", "Test/CodeBuild", "Rule/CodeBuild", "Compute/Commands")
_GIT = ("Source/CodeStarSourceConnection", "Source/CodeCommit", "Source/GitHub")


def not_emulated(
    view: ExecutionView,
    resources: Sequence[str],
    *,
    iam: bool,
    administrators: bool = False,
    bootstrapped: Sequence[str] = (),
    above: Sequence[Path] = (),
    functions: bool = False,
) -> list[str]:
    """Return an entry for each difference from AWS that mattered in this run.

    resources: notes on resources without effect. iam: whether the run enforced policies. administrators: whether
    CloudFormation has AdministratorAccess. bootstrapped: the environments that the run bootstrapped after the first
    deployment. above: files in parent folders of the builds that programs take for the project's configuration.
    functions: whether a function ran since the embedded AWS was started.
    """
    return [
        *([] if iam else [_NO_IAM]),
        *([_ADMINISTRATORS] if iam and administrators else []),
        *([f"{', '.join(bootstrapped)}: {_BOOTSTRAPPED}"] if bootstrapped else []),
        *_of_providers(view, iam=iam, above=above, functions=functions),
        *_notes_of_logs(view),
        *_not_executed(view),
        *_not_reached(view),
        *resources,
    ]


def _of_providers(view: ExecutionView, *, iam: bool, above: Sequence[Path], functions: bool) -> Iterator[str]:
    """Yield the differences that the providers of the executed actions have, and those of functions that ran."""
    actions = [action for action in view.actions if action.status and action.executed]
    providers = {action.provider for action in actions}
    if providers & {*_GIT}:
        yield "sources came from this machine's repository, whatever repository the pipeline names"
    if any(action.provider in _BUILDS and not _ran_in_image(action) for action in actions):
        yield "builds ran on this machine, not in the project's build image"
    if functions:
        yield from _of_functions()
    if iam and (functions or providers & {*_BUILDS, "Rule/Commands"}) and (reason := mount_error()):
        yield f"nothing is hidden from builds and functions, not even the keys of every account's root ({reason})"
    if providers & {*_BUILDS} and mount_error():
        yield "builds could read and change the project by its absolute path"
    if providers & {*_BUILDS} and above:
        yield f"builds found {', '.join(map(str, above))} above their folder: choose another one by {VARIABLE}"


def _ran_in_image(action: ActionView) -> bool:
    return bool(action.log) and any(note.startswith(IN_IMAGE) for note in read_notes(Path(action.log)))


def _of_functions() -> Iterator[str]:
    yield "functions ran on this machine's system libraries and CPU, not on Amazon Linux"
    if reason := mount_error():
        yield f"functions find code and layers in other folders than /var/task and /opt, not read-only ({reason})"


def _notes_of_logs(view: ExecutionView) -> Iterator[str]:
    """Yield each note in the logs of sources and builds once, with the actions that have it."""
    actions_by_note: dict[str, list[str]] = {}
    for action in view.actions:
        if action.provider in (*_BUILDS, *_GIT) and action.log:
            for note in read_notes(Path(action.log)):
                actions_by_note.setdefault(note, []).append(action.where)
    for note, actions in actions_by_note.items():
        yield f"{', '.join(dict.fromkeys(actions))}: {note}"


def _not_executed(view: ExecutionView) -> Iterator[str]:
    for action in view.actions:
        if not action.executed:
            yield f"{action.where} was not executed: {action.provider} was accepted"
    for where, provider in view.accepted_rules.items():
        yield f"{where} was not executed: {provider} was accepted"


def _not_reached(view: ExecutionView) -> Iterator[str]:
    """Yield the actions that never started, unless the execution succeeded: a rollback has one stage only."""
    missed = [action.where for action in view.actions if not action.status]
    if missed and view.status != "Succeeded":
        yield "not reached: " + ", ".join(missed)
