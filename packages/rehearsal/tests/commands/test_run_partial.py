"""`run --until` and `run --from`: a part of the pipeline."""

from __future__ import annotations

import pytest

from rehearsal.views.execution_view import ExecutionView
from tests.commands.conftest import Tiny


def enabled(tiny: Tiny) -> list[bool]:
    """Whether the transition into each stage is open; nothing leads into the first one."""
    states = tiny.deployed.api().get_pipeline_state(name="tiny")["stageStates"]
    return [state["inboundTransitionState"]["enabled"] for state in states[1:]]


def test_a_run_ends_after_the_stage_that_is_named(tiny: Tiny) -> None:
    """It is a success, the next stage does not begin, and the pipeline is open again afterwards."""
    code, printed = tiny.call("run", "--until", "Build")
    assert code == 0
    assert "rehearsed until Build" in printed
    view = tiny.view(tiny.space.newest_first()[0])
    assert view.stage("Build").status == "Succeeded"
    assert view.stage("Gate").status == ""
    assert all(enabled(tiny))


def test_a_run_that_fails_on_the_way_is_red(tiny: Tiny) -> None:
    """However far it was to get."""
    (tiny.root / "Lint.sh").write_text("exit 5")
    code, printed = tiny.call("run", "--until", "Build")
    assert code == 1
    assert "Build/Lint failed" in printed
    assert all(enabled(tiny))


def test_stages_run_from_the_middle(tiny: Tiny, good: ExecutionView) -> None:
    """With the artifacts of an execution that was there; nothing is pushed and no earlier stage runs."""
    before = tiny.space.newest_first()
    code, printed = tiny.call("run", "--from", "Build", "--until", "Build", "--execution", good.id)
    assert code == 0
    assert f"Build with the artifacts of {good.id}" in printed
    assert "Build/Compile: Succeeded" in printed
    assert "Source/Repo: started" not in printed
    assert len(tiny.space.newest_first()) == len(before) + 1


def test_each_stage_to_the_end_runs(tiny: Tiny) -> None:
    """One after the other, with the newest execution that succeeded in all of them."""
    target = tiny.run()
    code, printed = tiny.call("run", "--from", "Gate", "--approve")
    assert code == 0
    assert printed.index(f"Gate with the artifacts of {target.id}") < printed.index("Ship with the artifacts of")
    assert "Ship/Send: Succeeded" in printed


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--from", "Nowhere"], "Nowhere: there is no such stage; there are Source, Build, Gate, Ship"),
        (["--until", "Nowhere"], "Nowhere: there is no such stage"),
        (["--from", "Source"], "Source is the source stage"),
        (["--from", "Ship", "--until", "Build"], "Build comes before Ship"),
        (["--from", "Ship", "--list"], "one of --list, --graph, --dry-run, --from and --only"),
    ],
)
def test_a_part_that_is_none_is_refused(tiny: Tiny, good: ExecutionView, arguments: list[str], told: str) -> None:
    """Before anything runs."""
    code, printed = tiny.call("run", *arguments)
    assert code == 2
    assert told in printed
