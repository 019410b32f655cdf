"""`pr`: a pull request of the working tree, whose events start the pipeline by its V2 triggers.

Sources: AWS CodePipeline user guide, "Add trigger with code push or pull request event types"; API reference,
"GitPullRequestFilter".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import click

from rehearsal.aws import root
from rehearsal.commands.api_errors import convert_api_errors
from rehearsal.commands.context import running_deployment, with_workspace
from rehearsal.commands.output import AS_JSON, print_json
from rehearsal.commands.post_receive import print_started
from rehearsal.deploy.deployment import Deployment
from rehearsal.emulator.codepipeline.wire import REHEARSE_PULL_REQUEST, TARGET
from rehearsal.engine.model.triggers import CLOSED, OPEN, UPDATED, PullRequest, pull_request_mismatch_reason
from rehearsal.errors import WrongUse
from rehearsal.host.atomic_write import write_json
from rehearsal.project.git_repository import Repository, branch_head, changed_in_branch
from rehearsal.project.remotes import Remotes
from rehearsal.workspace.layout import Workspace

FILE = "pull-requests.json"
EVENTS = {"open": OPEN, "update": UPDATED, "close": CLOSED}


@dataclass(frozen=True)
class OpenPullRequest:
    """A pull request from the branch `source` into `destination`."""

    number: int
    source: str
    destination: str
    title: str


@click.command()
@click.argument("event", type=click.Choice(EVENTS))
@click.argument("number", required=False, type=int)
@click.option("--into", metavar="BRANCH", help="With open: the destination (default: the branch of the pipeline).")
@click.option("--branch", metavar="BRANCH", help="With open: the branch that is pushed (default: the current one).")
@click.option("--title", default="Rehearsed pull request", show_default=True, help="With open: the title.")
@AS_JSON
@with_workspace
def pr(
    space: Workspace,
    event: str,
    number: int | None,
    *,
    into: str | None,
    branch: str | None,
    title: str,
    as_json: bool,
) -> None:
    """Open, update or close a pull request of the working tree, which starts the pipeline by its triggers.

    NUMBER: which one to update or to close; without it, the newest. A close is that of a merge, and pushes nothing.
    """
    deployed, repository = running_deployment(space), Repository(space.root, space.home)
    if event == "open":
        request = _open(space, repository, into or deployed.branch(), branch, title)
    else:
        request = _find(space, number)
    commit = _close(space, request) if event == "close" else _push(space, repository, request)
    _start(space, deployed, request, EVENTS[event], commit, as_json=as_json)


def _open(
    space: Workspace, repository: Repository, destination: str, branch: str | None, title: str
) -> OpenPullRequest:
    known = read_requests(space)
    number = max((request.number for request in known), default=0) + 1
    source = branch or repository.branch()
    if source is None or source == destination:
        source = f"pull-request-{number}"
    request = OpenPullRequest(number, source, destination, title)
    _write(space, [*known, request])
    return request


def _close(space: Workspace, request: OpenPullRequest) -> str:
    """Close the pull request; return the newest commit of its branch."""
    head = branch_head(space.remote, request.source)
    _write(space, [other for other in read_requests(space) if other != request])
    if head is None:
        raise WrongUse(f"the branch {request.source} of pull request {request.number} was not pushed; it is closed")
    return head.id


def read_requests(space: Workspace) -> list[OpenPullRequest]:
    """Return the open pull requests, oldest first."""
    path = space.home / FILE
    return [OpenPullRequest(**fields) for fields in json.loads(path.read_text())] if path.exists() else []


def _write(space: Workspace, requests: list[OpenPullRequest]) -> None:
    write_json(space.home / FILE, [asdict(request) for request in requests])


def _find(space: Workspace, number: int | None) -> OpenPullRequest:
    requests = read_requests(space)
    matching = [request for request in requests if number in (None, request.number)]
    if not matching:
        listed = ", ".join(str(request.number) for request in requests) or "none"
        which = f" {number}" if number else ""
        raise WrongUse(f"there is no open pull request{which}; open are: {listed}; `rehearse pr open` opens one")
    return matching[-1]


def _push(space: Workspace, repository: Repository, request: OpenPullRequest) -> str:
    """Push the working tree to the branch; return the commit. The hook of pushes is not run."""
    commit = repository.snapshot()
    repository.push(commit, space.remote, request.source)
    return commit


def _start(
    space: Workspace, deployed: Deployment, request: OpenPullRequest, event: str, commit: str, *, as_json: bool
) -> None:
    """Start the pipeline if a trigger has a filter for the event, else say why none does."""
    pipeline, remotes = deployed.pipeline(), Remotes(space.remote, space.sources)
    pull_request = PullRequest(
        event, request.destination, tuple(changed_in_branch(space.remote, request.destination, commit))
    )
    sources = [action.name for action in pipeline.stages[0].actions if remotes.of(action.name) == space.remote]
    reasons = {source: pull_request_mismatch_reason(pipeline, source, pull_request) for source in sources}
    started = [source for source, reason in reasons.items() if reason is None]
    execution = _send(deployed, request, event, dict.fromkeys(started, commit)) if started else None
    reason = "; ".join(filter(None, reasons.values()))
    if as_json:
        print_json({**asdict(request), "event": event, "execution": execution, "reason": None if execution else reason})
        return
    click.echo(f"pull request {request.number}, {request.source} into {request.destination}: {event}")
    if execution:
        print_started(deployed, pipeline, execution, commit)
    else:
        click.echo(f"it starts nothing: {reason}")


def _send(deployed: Deployment, request: OpenPullRequest, event: str, commits: Mapping[str, str]) -> str:
    """Send the event to the embedded AWS; return the execution that it starts. commits: by source action."""
    about = {
        "SourceBranchName": request.source,
        "DestinationBranchName": request.destination,
        "PullRequestId": str(request.number),
        "PullRequestTitle": request.title,
    }
    revisions = {source: {"COMMIT_ID": commit, **about} for source, commit in commits.items()}
    body = {"name": deployed.key.name, "event": event, "revisions": revisions}
    operation = f"{TARGET}{REHEARSE_PULL_REQUEST}"
    with convert_api_errors("pr"):
        answer = deployed.endpoint.post(
            "codepipeline", operation, body, root(deployed.key.account), deployed.key.region
        )
    return str(answer["pipelineExecutionId"])
