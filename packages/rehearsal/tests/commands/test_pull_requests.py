"""`pr`: the events of a pull request, the triggers that match them, and the variables of builds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from rehearsal.project.git_repository import Repository
from tests.commands.another import action, another, source
from tests.commands.conftest import Tiny, until

FILTERS = [
    {"events": ["OPEN", "UPDATED"], "branches": {"includes": ["main"]}, "filePaths": {"includes": ["src/**"]}},
    {"events": ["CLOSED"], "branches": {"includes": ["release"]}},
]
TRIGGER = {
    "providerType": "CodeStarSourceConnection",
    "gitConfiguration": {"sourceActionName": "Repo", "pullRequest": FILTERS},
}


@pytest.fixture
def requests(tiny: Tiny) -> Iterator[Tiny]:
    """A pipeline that pull requests start, whose build gets their variables."""
    named = [{"name": name, "value": f"#{{Source.{name}}}"} for name in ("PullRequestId", "SourceBranchName")]
    build = {
        **action("Compile", "Build", "CodeBuild"),
        "inputArtifacts": [{"name": "Code"}],
        "configuration": {"ProjectName": "Compile", "EnvironmentVariables": json.dumps(named)},
    }
    first = {"name": "Source", "actions": [{**source(), "namespace": "Source"}]}
    with another(tiny, first, {"name": "Build", "actions": [build]}, triggers=[TRIGGER]):
        repository = Repository(tiny.root, tiny.space.home)
        repository.push(repository.head, tiny.space.remote, "main")
        yield tiny
        (tiny.space.home / "pull-requests.json").unlink(missing_ok=True)


def write(tiny: Tiny, name: str, text: str) -> None:
    path = tiny.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def started(printed: str) -> str:
    found = re.findall(r"started execution (\S+)", printed)
    assert len(found) == 1, printed
    return str(found[0])


def variables(tiny: Tiny, execution: str) -> dict[str, Any]:
    """Return the output variables of the source action."""
    listed = tiny.deployed.api().list_action_executions(
        pipelineName="another", filter={"pipelineExecutionId": execution}
    )["actionExecutionDetails"]
    return dict(next(detail for detail in listed if detail["actionName"] == "Repo")["output"]["outputVariables"])


def test_an_open_pull_request_starts_the_pipeline_with_its_variables(requests: Tiny) -> None:
    """The execution has the source branch's commit and the pull request's variables, and no BranchName."""
    write(requests, "src/new.txt", "new")
    write(requests, "Compile.sh", 'echo "number $PullRequestId from $SourceBranchName"')
    code, printed = requests.call("pr", "open", "--branch", "feature", "--title", "New")
    assert (code, "pull request 1, feature into main: OPEN" in printed) == (0, True), printed
    execution = started(printed)
    until(lambda: requests.view(execution).seconds is not None)
    assert requests.view(execution).status == "Succeeded"
    found = variables(requests, execution)
    assert (
        found.items()
        >= {
            "SourceBranchName": "feature",
            "DestinationBranchName": "main",
            "PullRequestId": "1",
            "PullRequestTitle": "New",
        }.items()
    )
    assert "BranchName" not in found
    assert "number 1 from feature" in requests.call("logs", "Compile", "--execution", execution)[1]
    listed = requests.deployed.api().list_pipeline_executions(pipelineName="another")["pipelineExecutionSummaries"]
    assert listed[0]["trigger"]["triggerType"] == "WebhookV2"


def test_filters_decide_on_each_event(requests: Tiny) -> None:
    """Filters of paths, branches and events decide for open, update and close; a closed request is removed."""
    write(requests, "docs.txt", "new")
    _, printed = requests.call("pr", "open", "--branch", "feature")
    assert "it starts nothing: no changed path matches the filter of file paths" in printed
    write(requests, "src/new.txt", "newer")
    _, printed = requests.call("pr", "update")
    started(printed)
    _, printed = requests.call("pr", "close", "1")
    assert "feature into main: CLOSED" in printed
    assert "the destination main matches no filter of branches" in printed
    _, printed = requests.call("pr", "open", "--into", "release", "--branch", "feature")
    assert "the destination release matches no filter of branches" in printed
    started(requests.call("pr", "close")[1])
    code, printed = requests.call("pr", "close")
    assert (code, "there is no open pull request; open are: none" in printed) == (2, True), printed


def test_without_a_trigger_a_pull_request_starts_nothing(tiny: Tiny) -> None:
    """Without a trigger, the command says that nothing starts."""
    gate = {"name": "Gate", "actions": [action("Ask", "Approval", "Manual")]}
    with another(tiny, {"name": "Source", "actions": [source()]}, gate):
        _, printed = tiny.call("pr", "open")
        assert "it starts nothing: Repo has no trigger with filters for pull requests" in printed
        (tiny.space.home / "pull-requests.json").unlink()
