"""`run --until` and `run --from`: a part of the pipeline."""

from __future__ import annotations

import pytest

from rehearsal.views.execution_view import ExecutionView
from tests.commands.conftest import Tiny


def enabled(tiny: Tiny) -> list[bool]:
    """Return whether the transition into each stage, except for the first, is enabled."""
    states = tiny.deployed.api().get_pipeline_state(name="tiny")["stageStates"]
    return [state["inboundTransitionState"]["enabled"] for state in states[1:]]


def test_a_run_ends_after_the_stage_that_is_named(tiny: Tiny) -> None:
    """`run --until` succeeds without starting the next stage, and enables the transitions again."""
    code, printed = tiny.call("run", "--until", "Build")
    assert code == 0
    assert "rehearsed until Build" in printed
    view = tiny.view(tiny.space.newest_first()[0])
    assert view.stage("Build").status == "Succeeded"
    assert view.stage("Gate").status == ""
    assert all(enabled(tiny))


def test_a_run_that_fails_on_the_way_is_red(tiny: Tiny) -> None:
    """A failure before the named stage exits with 1, and the transitions are enabled."""
    (tiny.root / "Lint.sh").write_text("exit 5")
    code, printed = tiny.call("run", "--until", "Build")
    assert code == 1
    assert "Build/Lint failed" in printed
    assert all(enabled(tiny))


def test_stages_run_from_the_middle(tiny: Tiny, good: ExecutionView) -> None:
    """`run --from` uses an execution's artifacts; it neither pushes nor runs earlier stages."""
    before = tiny.space.newest_first()
    code, printed = tiny.call("run", "--from", "Build", "--until", "Build", "--execution", good.id)
    assert code == 0
    assert f"Build with the artifacts of {good.id}" in printed
    assert "Build/Compile: Succeeded" in printed
    assert "Source/Repo: started" not in printed
    assert len(tiny.space.newest_first()) == len(before) + 1


def test_each_stage_to_the_end_runs(tiny: Tiny) -> None:
    """The stages run in order, with the latest execution that succeeded in all of them."""
    target = tiny.run()
    code, printed = tiny.call("run", "--from", "Gate", "--approve")
    assert code == 0
    assert printed.index(f"Gate with the artifacts of {target.id}") < printed.index("Ship with the artifacts of")
    assert "Ship/Send: Succeeded" in printed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--from", "Nowhere"], "Nowhere: there is no such stage; there are Source, Build, Gate, Ship"),
        (["--until", "Nowhere"], "Nowhere: there is no such stage"),
        (["--from", "Source"], "Source is the source stage"),
        (["--from", "Ship", "--until", "Build"], "Build comes before Ship"),
        (["--from", "Ship", "--list"], "one of --list, --graph, --dry-run, --from and --only"),
    ],
)
def test_bad_parts_are_refused(tiny: Tiny, good: ExecutionView, arguments: list[str], words: str) -> None:
    """Unknown stages, the source stage and stages in the wrong order are refused."""
    code, printed = tiny.call("run", *arguments)
    assert code == 2
    assert words in printed
