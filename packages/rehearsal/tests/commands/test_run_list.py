"""`run --list`, `--graph` and `--dry-run`: what would run, as it is deployed, and nothing runs."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest

from rehearsal.views.execution_view import ExecutionView
from rehearsal.workspace.layout import Workspace
from tests.commands.conftest import TEMPLATE, Tiny
from tests.commands.test_plan import write_assembly


def test_the_deployed_actions_are_listed(tiny: Tiny) -> None:
    """With run order and artifacts, as text and as JSON."""
    code, printed = tiny.call("run", "--list", "--json", "-")
    assert code == 0
    stages = {stage["name"]: stage["actions"] for stage in json.loads(printed)["stages"]}
    assert list(stages) == ["Source", "Build", "Gate", "Ship"]
    assert stages["Ship"] == [
        {"name": "Send", "provider": "Build/CodeBuild", "run_order": 1, "inputs": ["Compiled"], "outputs": []}
    ]
    row = next(line for line in tiny.call("run", "--list")[1].splitlines() if "Compile " in line)
    assert row.split() == ["Build", "1", "Compile", "Build/CodeBuild", "Code", "Compiled"]


@pytest.mark.parametrize(("kind", "begins"), [("text", "tiny"), ("mermaid", "flowchart"), ("svg", "<svg")])
def test_a_graph_is_drawn(tiny: Tiny, kind: str, begins: str) -> None:
    """On standard output, ready to be redirected."""
    code, printed = tiny.call("run", "--graph", kind)
    assert code == 0
    assert printed.startswith(begins)
    assert "Compile" in printed


def test_text_is_the_graph_of_no_name(tiny: Tiny) -> None:
    """The table fits into a terminal."""
    assert tiny.call("run", "--graph") == tiny.call("run", "--graph", "text")


def test_an_unknown_graph_is_refused(tiny: Tiny) -> None:
    """With those that there are."""
    code, printed = tiny.call("run", "--graph", "png")
    assert code == 2
    assert "'mermaid', 'svg', 'text'" in printed


def test_one_thing_at_a_time(tiny: Tiny) -> None:
    """Two answers on one output are none."""
    code, printed = tiny.call("run", "--list", "--dry-run")
    assert code == 2
    assert "one of --list, --graph, --dry-run, --from and --only" in printed


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--graph", "--json", "-"], "--json has no effect with --graph"),
        (["--list", "--execution", "x"], "--execution has no effect with --list"),
        (["--list", "--until", "Build", "--accept", "x"], "--accept, --until has no effect with --list"),
        (["--dry-run", "--app", "x"], "--app has no effect with --dry-run"),
        (["--only", "Lint", "--no-iam"], "--iam has no effect with --only"),
        (["--from", "Ship", "--app", "x"], "--app has no effect with --from"),
        (["--execution", "x"], "--execution has no effect without --from or --only"),
        (["--approve", "--reject"], "--approve or --reject, not both"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_has_no_effect_is_refused(tiny: Tiny, arguments: list[str], told: str) -> None:
    """Rather than left out without a word."""
    code, printed = tiny.call("run", *arguments)
    assert code == 2
    assert told in printed


def test_a_dry_run_tells_what_would_be_pushed(tiny: Tiny, good: ExecutionView) -> None:
    """The changed files since the last push, what runs, what would be asked; and neither push nor run follows."""
    before = tiny.call("history", "--json")
    pushed = tiny.git("--git-dir", str(tiny.space.remote), "rev-parse", "main")
    (tiny.root / "cdk.json").write_text('{"app": "false"}')
    (tiny.root / "new.txt").write_text("new")
    code, printed = tiny.call("run", "--dry-run")
    told = json.loads(tiny.call("run", "--dry-run", "--json", "-")[1])
    (tiny.root / "new.txt").unlink()
    assert code == 0
    assert (told["working_tree"], told["branch"], told["since"]) == (True, "main", pushed.strip())
    assert {"M cdk.json", "A new.txt"} <= set(told["changes"])
    assert "would push" in printed
    assert "A new.txt" in printed
    assert "would wait for: Gate/Approve" in printed
    assert tiny.call("history", "--json") == before
    assert tiny.git("--git-dir", str(tiny.space.remote), "rev-parse", "main") == pushed


@pytest.mark.parametrize("option", ["--list", "--graph"])
def test_without_a_deployment_there_is_nothing_to_show(project: Workspace, empty: Tiny, option: str) -> None:
    """No embedded AWS is started for that; what to do is said."""
    code, printed = empty.call("run", option)
    assert code == 2
    assert "no pipeline is deployed: `rehearse up`" in printed
    assert project.server() is None


def test_an_app_is_listed_before_anything_is_deployed(empty: Tiny) -> None:
    """With --app: as its template has it, values that CloudFormation fills in left open."""
    body = deepcopy(TEMPLATE)
    body["Resources"]["Pipeline"]["Properties"] |= {"RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "Name": "listed"}
    write_assembly(empty.root / "assembly", {"tiny": body})
    code, text = empty.call("run", "--list", "--app", "assembly", "--json", "-")
    told = json.loads(text)
    assert (code, told["pipeline"]) == (0, "listed")
    assert [stage["name"] for stage in told["stages"]] == ["Source", "Build", "Gate", "Ship"]
    assert empty.call("run", "--graph", "--app", "assembly", "--pipeline", "other")[0] == 2
