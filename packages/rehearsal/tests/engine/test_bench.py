"""The measurement of the rehearsal's engine."""

from __future__ import annotations

from pathlib import Path

from tests.engine.bench import measure, run, table


def test_every_execution_of_a_measured_run_succeeds(tmp_path: Path) -> None:
    """Else it would measure something else."""
    run(tmp_path, 3, 2, "QUEUED")
    ends = [path.read_text().splitlines()[-1] for path in tmp_path.glob("executions/*/journal.jsonl")]
    assert len(ends) == 3
    assert all('"status": "Succeeded"' in end for end in ends)


def test_the_table_has_wall_time_processor_time_and_the_floor() -> None:
    """The floor is what writing the same files takes, without an engine."""
    figures = measure(2, 2, "PARALLEL")
    assert 0 < figures["writing"]["seconds"] < 60
    shown = table({"one": figures, "QUEUED": figures, "PARALLEL": figures, "milliseconds_per_action": 1.0})
    assert f"| {figures['seconds']} | {figures['processor_seconds']} | {figures['writing']['seconds']} |" in shown
