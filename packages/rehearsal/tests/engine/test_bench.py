"""The benchmark of the engine."""

from __future__ import annotations

from pathlib import Path

from tests.engine.bench import measure, run, table


def test_every_execution_of_a_measured_run_succeeds(tmp_path: Path) -> None:
    """A measured run has only successful executions, so that its figures are comparable."""
    run(tmp_path, 3, 2, "QUEUED")
    ends = [path.read_text().splitlines()[-1] for path in tmp_path.glob("executions/*/journal.jsonl")]
    assert len(ends) == 3
    assert all('"status": "Succeeded"' in end for end in ends)


def test_the_table_has_wall_time_processor_time_and_the_floor() -> None:
    """The table has wall time, processor time, and the time of writing the same files without an engine."""
    figures = measure(2, 2, "PARALLEL")
    assert 0 < figures["writing"]["seconds"] < 60
    shown = table({"one": figures, "QUEUED": figures, "PARALLEL": figures, "milliseconds_per_action": 1.0})
    assert f"| {figures['seconds']} | {figures['processor_seconds']} | {figures['writing']['seconds']} |" in shown
