"""The four DORA figures, each with its executions."""

from __future__ import annotations

from pipeline_console.views.dora import DAY, Figures, figures
from tests.pipelines import START, Execution, Pipeline, Run, green

TESTED = (("Source", ("Source",)), ("Dev", ("Deploy", "Test")), ("Prod", ("Deploy", "Test")))


def figures_of(*executions: Execution, days: int = 30, now: float = START + 20 * DAY) -> dict[str, Figures]:
    """Return the figures of each environment; executions are given newest first."""
    pipeline = Pipeline(*executions, stages=TESTED)
    summaries = pipeline.summaries({})["pipelineExecutionSummaries"]
    details = pipeline.details({})["actionExecutionDetails"]
    return {f.environment: f for f in figures(pipeline.definition(), summaries, details, now, days)}


def change(day: float, test: str = "Succeeded", authored: str = "", rollback_of: str = "") -> Execution:
    """Return an execution that deploys to prod, ten minutes after its start, and runs the tests."""
    variables = {"AuthorDate": authored} if authored else {}
    runs = [
        Run("Source", "Source", 0, 1, variables=variables),
        Run("Prod", "Deploy", 540, 30),
        Run("Prod", "Test", 570, 30, test),
    ]
    return Execution("Succeeded", runs, start=START + day * DAY, rollback_of=rollback_of)


def test_a_deployment_is_a_stage_that_succeeded() -> None:
    """A deployment is a successful stage; rollbacks and failed executions do not count."""
    early = Execution("Failed", [Run("Dev", "Deploy", 0, 10, "Failed")], start=START)
    back = change(3, rollback_of="x")
    first, second = change(1), change(2)
    prod = figures_of(back, second, first, early)["Prod"]
    assert [found.execution_id for found in prod.deployments] == [first.id, second.id]
    assert prod.per_week == 0.47


def test_lead_time_begins_with_the_commit_where_the_source_gives_its_date() -> None:
    """The lead time starts at the commit's date, and is unknown without it."""
    known = change(1, authored="2025-10-10T08:53:20+00:00")
    assert figures_of(known)["Prod"].lead_time == 600.0
    assert figures_of(change(1))["Prod"].lead_time is None
    assert figures_of(change(1, authored="yesterday"))["Prod"].lead_time is None


def test_a_red_test_after_a_deployment_is_a_failure_until_the_next_success() -> None:
    """A failed test after a deployment is a failure, restored by the next success."""
    bad, good = change(1, test="Failed"), change(2)
    prod = figures_of(good, bad)["Prod"]
    assert prod.failure_rate == 0.5
    (failure,) = prod.failures
    assert (failure.execution_id, failure.kind, failure.restored_by) == (bad.id, "failed test", good.id)
    assert prod.restore_time == DAY


def test_a_failed_deployment_is_not_a_failed_change() -> None:
    """A failed deployment is not a failed change, since CloudFormation has rolled the stack back."""
    broken = Execution("Failed", [Run("Prod", "Deploy", 0, 10, "Failed")], start=START + DAY)
    prod = figures_of(broken)["Prod"]
    assert (prod.failure_rate, prod.failures) == (None, ())


def test_a_rollback_is_a_failure_that_it_restores_itself() -> None:
    """A rollback is a failure whose restore time is the rollback's duration in the stage."""
    back = change(2, rollback_of="x")
    prod = figures_of(back, change(1))["Prod"]
    assert prod.failure_rate == 1.0
    (failure,) = prod.failures
    assert (failure.kind, failure.restored_by, failure.seconds) == ("rollback", back.id, 60.0)


def test_only_the_last_days_count() -> None:
    """Only stages that ended in the last days count."""
    old, new = change(1), change(15)
    assert [c.execution_id for c in figures_of(new, old, days=7)["Prod"].deployments] == [new.id]


def test_figures_are_written_for_programs() -> None:
    """The JSON of the figures has the executions of each."""
    found = figures_of(change(1))["Prod"].as_json()
    assert (found["deployments_per_week"], found["lead_time_seconds"], found["failures"]) == (0.23, None, [])
    assert len(found["deployments"]) == 1


def test_stages_without_a_deploy_action_are_no_environments() -> None:
    """Stages without a deploy action have no figures."""
    assert list(figures_of(green())) == ["Dev", "Prod"]
