"""`python -m tests.engine.bench`: the engine's overhead with empty actions, and the time of its file writes.

Writes the key `engine` of build/bench.json.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from rehearsal.aws import Endpoint
from rehearsal.engine.action_api import Outcome, Task
from rehearsal.engine.engine import Engine
from rehearsal.engine.model.definition import ActionType, PipelineKey
from rehearsal.engine.running.environment import Environment
from tests.engine.driven_engine import START, assume
from tests.root import PACKAGE

RESULT = PACKAGE.parents[1] / "build" / "bench.json"
KEY = PipelineKey("111111111111", "eu-west-1", "empty")
EXECUTIONS, STAGES = 50, 5


class Empty:
    """An action that does nothing."""

    def run(self, task: Task) -> Outcome:
        return Outcome(failed=False, summary=task.action.name)


def definition(stages: int, mode: str) -> dict[str, Any]:
    """Return a pipeline with one empty action in each of `stages` stages."""
    kind = {"category": "Test", "provider": "Empty"}
    return {
        "name": KEY.name,
        "roleArn": f"arn:aws:iam::{KEY.account}:role/pipeline",
        "artifactStore": {"type": "S3", "location": "bucket"},
        "stages": [
            {"name": f"S{number}", "actions": [{"name": "empty", "actionTypeId": kind}]} for number in range(stages)
        ],
        "executionMode": mode,
        "pipelineType": "V2",
    }


def run(folder: Path, executions: int, stages: int, mode: str) -> None:
    """Start the executions concurrently and wait until all have ended."""
    runners = {ActionType("Test", "Empty"): Empty()}
    endpoint = Endpoint("http://127.0.0.1:1")
    engine = Engine(
        Environment(endpoint, assume, runners, executions=folder / "executions", pipelines=folder / "pipelines")
    )
    engine.create(KEY, definition(stages, mode))
    for _ in range(executions):
        engine.start(KEY, trigger=START)
    engine.wait_until_idle()
    engine.close()


def write_files_only(source: Path, target: Path) -> None:
    """Write the journals of a run again, line by line, in one thread: the lower bound of an engine's time."""
    for journal in sorted(source.glob("executions/*/journal.jsonl")):
        folder = target / journal.parent.name
        folder.mkdir(parents=True)
        with (folder / "journal.jsonl").open("ab", buffering=0) as file:
            for line in journal.read_bytes().splitlines(keepends=True):
                file.write(line)
                json.dumps(json.loads(line))
        for attempt in journal.parent.glob("*/*/*/"):
            (target / attempt.relative_to(source / "executions")).mkdir(parents=True)


def seconds(work: Callable[[], None]) -> dict[str, float]:
    """Return the wall and processor seconds of `work`."""
    began, processor = time.perf_counter(), time.process_time()
    work()
    return {
        "seconds": round(time.perf_counter() - began, 3),
        "processor_seconds": round(time.process_time() - processor, 3),
    }


@click.command()
@click.option("--runs", default=5, show_default=True, help="How often; the fastest counts.")
def main(runs: int) -> None:
    """Measure the engine with empty actions."""
    results: dict[str, Any] = {}
    cases = {"one": (1, 100, "QUEUED"), **{mode: (EXECUTIONS, STAGES, mode) for mode in ("QUEUED", "PARALLEL")}}
    for name, (executions, stages, mode) in cases.items():
        best = [measure(executions, stages, mode) for _ in range(runs)]
        results[name] = min(best, key=lambda figures: float(figures["seconds"]))
    results["milliseconds_per_action"] = round(results["one"]["seconds"] * 10, 2)
    previous = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({**previous, "engine": results}, indent=2) + "\n")
    click.echo(table(results))


def measure(executions: int, stages: int, mode: str) -> dict[str, Any]:
    """Return the figures of one run, and the figures of writing the same files without an engine."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures: dict[str, Any] = seconds(lambda: run(folder, executions, stages, mode))
        figures["writing"] = seconds(lambda: write_files_only(folder, folder / "again"))
    return figures


def table(found: dict[str, Any]) -> str:
    """Return the figures as a Markdown table."""
    rows = {
        "one execution of 100 stages": found["one"],
        f"{EXECUTIONS} executions of {STAGES} stages, QUEUED": found["QUEUED"],
        f"{EXECUTIONS} executions of {STAGES} stages, PARALLEL": found["PARALLEL"],
    }
    lines = ["| empty actions | s | processor s | writing its files alone, s |", "|---|---:|---:|---:|"]
    for title, row in rows.items():
        lines.append(f"| {title} | {row['seconds']} | {row['processor_seconds']} | {row['writing']['seconds']} |")
    return "\n".join([*lines, "", f"One empty action: {found['milliseconds_per_action']} ms."])


if __name__ == "__main__":
    main(prog_name="python -m tests.engine.bench")
