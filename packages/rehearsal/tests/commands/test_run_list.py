"""`run --list`, `--graph` and `--dry-run`: the deployed pipeline, without running it."""

from __future__ import annotations

import json
import sys
from copy import deepcopy

import pytest

from rehearsal.project.git_repository import Repository
from rehearsal.workspace.layout import Workspace
from tests.commands.assemblies import write_assembly
from tests.commands.conftest import Tiny
from tests.commands.templates import TEMPLATE


def test_the_deployed_actions_are_listed(tiny: Tiny) -> None:
    """`--list` prints run order and artifacts as text and as JSON."""
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
    """`--graph` prints text, Mermaid or SVG on standard output."""
    code, printed = tiny.call("run", "--graph", kind)
    assert code == 0
    assert printed.startswith(begins)
    assert "Compile" in printed


def test_text_is_the_default_graph(tiny: Tiny) -> None:
    """`--graph` without a format prints text."""
    assert tiny.call("run", "--graph") == tiny.call("run", "--graph", "text")


def test_an_unknown_graph_is_refused(tiny: Tiny) -> None:
    """The error lists the formats."""
    code, printed = tiny.call("run", "--graph", "png")
    assert code == 2
    assert "'mermaid', 'svg', 'text'" in printed


def test_list_and_dry_run_exclude_each_other(tiny: Tiny) -> None:
    """Two options that print different results are refused."""
    code, printed = tiny.call("run", "--list", "--dry-run")
    assert code == 2
    assert "one of --list, --graph, --dry-run, --from and --only" in printed


@pytest.mark.parametrize(
    ("arguments", "words"),
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
def test_what_has_no_effect_is_refused(tiny: Tiny, arguments: list[str], words: str) -> None:
    """The error names the option that has no effect."""
    code, printed = tiny.call("run", *arguments)
    assert code == 2
    assert words in printed


def test_a_dry_run_tells_what_would_be_pushed(tiny: Tiny) -> None:
    """`--dry-run` lists the changes since the last push and the approvals, and neither pushes nor runs."""
    before = tiny.call("history", "--json")
    repository = Repository(tiny.root, tiny.space.home)
    pushed = repository.head
    repository.push(pushed, tiny.space.remote, "main")
    (tiny.root / "cdk.json").write_text('{"app": "false"}')
    (tiny.root / "new.txt").write_text("new")
    code, printed = tiny.call("run", "--dry-run")
    loaded = json.loads(tiny.call("run", "--dry-run", "--json", "-")[1])
    (tiny.root / "new.txt").unlink()
    assert code == 0
    assert (loaded["working_tree"], loaded["branch"], loaded["since"]) == (True, "main", pushed)
    assert {"M cdk.json", "A new.txt"} <= set(loaded["changes"])
    assert "would push" in printed
    assert "A new.txt" in printed
    assert "would wait for: Gate/Approve" in printed
    assert tiny.call("history", "--json") == before
    assert tiny.git("--git-dir", str(tiny.space.remote), "rev-parse", "main").strip() == pushed


@pytest.mark.parametrize("option", ["--list", "--graph"])
def test_without_a_deployment_there_is_nothing_to_show(project: Workspace, empty: Tiny, option: str) -> None:
    """The error says to run `up`, and no embedded AWS is started."""
    code, printed = empty.call("run", option)
    assert code == 2
    assert "no pipeline is deployed: `rehearse up`" in printed
    assert project.server() is None


def test_without_node_an_app_is_refused_before_the_embedded_aws_starts(
    project: Workspace, empty: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says how to get Node.js, which the CDK CLI needs, and no embedded AWS is started."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    code, printed = empty.call("run", "--list", "--app", "python app.py")
    assert code == 2
    assert "Node.js 20 or newer is needed, and this machine has none: install it" in printed
    assert not project.saved.exists()
    assert project.server() is None


def test_an_app_is_listed_before_anything_is_deployed(empty: Tiny) -> None:
    """With `--app`, the pipeline of the template is listed without a deployment."""
    body = deepcopy(TEMPLATE)
    body["Resources"]["Pipeline"]["Properties"] |= {"RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "Name": "listed"}
    write_assembly(empty.root / "assembly", {"tiny": body})
    code, text = empty.call("run", "--list", "--app", "assembly", "--json", "-")
    loaded = json.loads(text)
    assert (code, loaded["pipeline"]) == (0, "listed")
    assert [stage["name"] for stage in loaded["stages"]] == ["Source", "Build", "Gate", "Ship"]
    assert empty.call("run", "--graph", "--app", "assembly", "--pipeline", "other")[0] == 2
