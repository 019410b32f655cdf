"""The waterfall of an execution: attempts, waiting, work, and the critical path."""

from __future__ import annotations

from pipeline_console.views.waterfall import Waterfall, waterfall
from tests.pipelines import START, Execution, Pipeline, Run, green


def flow(*runs: Run, now: float = START + 1000) -> Waterfall:
    """Return the waterfall of an execution with these attempts."""
    execution = Execution(runs=list(runs))
    details = Pipeline(execution).details({"filter": {"pipelineExecutionId": execution.id}})
    return waterfall(details["actionExecutionDetails"], now)


def test_parallel_work_counts_once_and_waiting_apart() -> None:
    """Parallel work counts once, and waiting separately."""
    found = flow(
        Run("Build", "One", 0, 10),
        Run("Build", "Two", 5, 10),
        Run("Prod", "Approve", 15, 100),
        Run("Prod", "Deploy", 115, 5),
    )
    assert (found.working(), found.waiting(), found.seconds) == (20.0, 100.0, 120.0)


def test_the_critical_path_is_the_chain_that_decided_the_end() -> None:
    """The critical path has the longer of two parallel actions; its seconds count work only."""
    found = flow(
        Run("Source", "Source", 0, 2),
        Run("Build", "Short", 2, 3),
        Run("Build", "Long", 2, 50),
        Run("Prod", "Approve", 52, 100),
        Run("Prod", "Deploy", 152, 8),
    )
    assert [run.name for run in found.rows if run.critical] == ["Source", "Long", "Approve", "Deploy"]
    assert found.critical_seconds() == 60.0


def test_attempts_are_numbered_in_the_order_of_their_starts() -> None:
    """A retried action has a row for each attempt, numbered by start."""
    found = flow(Run("Build", "Synth", 0, 5, "Failed"), Run("Build", "Synth", 20, 6))
    assert [(run.attempt, run.attempts, run.status) for run in found.rows] == [(1, 2, "Failed"), (2, 2, "Succeeded")]


def test_a_running_action_grows_with_time() -> None:
    """The bar of a running action ends now."""
    (run,) = flow(Run("Build", "Synth", 10, None, "InProgress"), now=START + 40).rows
    assert run.seconds == 30.0


def test_bars_and_ticks_are_within_the_time_line() -> None:
    """Bars and ticks are within the time line; an action without duration has a visible bar."""
    found = flow(Run("Source", "Source", 0, 0), Run("Build", "Synth", 1, 299))
    assert [found.percent(run.started) for run in found.rows] == [0.0, 0.333]
    assert found.width(found.rows[0]) > 0
    assert [seconds for seconds, _ in found.ticks()] == [0, 60, 120, 180, 240, 300]


def test_an_execution_without_actions_has_no_rows() -> None:
    """An execution that has just started has no rows."""
    assert flow().rows == ()


def test_an_execution_of_every_stage_is_read_whole() -> None:
    """Rows have the outputs, variables and builds of their actions."""
    execution = green()
    details = Pipeline(execution).details({"filter": {"pipelineExecutionId": execution.id}})
    rows = {run.place: run for run in waterfall(details["actionExecutionDetails"], START).rows}
    assert rows["Dev/Deploy"].variables == (("Url", "https://dev.example"),)
    assert rows["Build/Synth"].has_log
    assert not rows["Prod/Approve"].has_log
