"""An engine that runs for weeks: threads, descriptors, memory and time do not grow with the number of executions."""

from __future__ import annotations

import gc
import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.running.retention import KEPT_EXECUTIONS
from rehearsal.engine.state.events import Event
from rehearsal.engine.state.execution import Execution
from rehearsal.engine.state.fold import fold
from tests.engine.conftest import KEY, Door, Stage, action, declaration, eventually, fails

# `make soak` compares 5,000 executions with 500.
FEW = int(os.environ.get("ENGINE_EXECUTIONS", "500")) // 2
PARALLEL = {"executionMode": "PARALLEL", "pipelineType": "V2"}


def descriptors() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


def run_many(stage: Stage, count: int) -> None:
    for _ in range(0, count, 10):
        for _ in range(10):
            stage.start(declaration([action("a")], [action("b")], **PARALLEL))
        stage.wait()
        stage.played.tasks.clear()
        stage.played.seen.clear()


def objects() -> int:
    gc.collect()
    return len(gc.get_objects())


def test_memory_and_descriptors_do_not_grow_with_executions(stage: Stage) -> None:
    """The engine keeps only the newest ended executions and the rollback targets, and closes its files."""
    run_many(stage, FEW)
    before, files = objects(), descriptors()
    run_many(stage, FEW * (9 if FEW > 500 else 1))
    assert objects() < before * 1.2
    assert descriptors() <= files
    assert KEPT_EXECUTIONS <= len(stage.engine.executions) <= KEPT_EXECUTIONS + 2


def test_an_execution_that_a_stage_can_be_rolled_back_to_is_kept(stage: Stage) -> None:
    """The engine keeps a rollback target, however many executions have failed since."""
    definition = declaration([action("a")], [action("b")])
    good = stage.run(definition)
    stage.played.parts["b"] = fails
    for _ in range(KEPT_EXECUTIONS + 5):
        stage.run(definition)
    assert good.id in stage.engine.executions
    stage.played.parts.clear()
    back = stage.rollback("Two", good)
    stage.wait()
    assert back.status == "Succeeded"


def test_there_is_a_thread_for_each_running_action_and_a_few_more(stage: Stage) -> None:
    """Thirty running actions use at most 38 threads, and these end with the actions."""
    before = threading.active_count()
    door = stage.played.parts["a"] = Door()
    executions = [stage.start(declaration([action("a")], **PARALLEL)) for _ in range(30)]
    eventually(lambda: all(door.holds(execution) for execution in executions))
    assert threading.active_count() - before <= 30 + 8
    for execution in executions:
        door.open(execution)
    stage.wait()
    eventually(lambda: threading.active_count() - before <= 8)


def test_parallel_actions_of_one_execution_have_a_thread_each(stage: Stage) -> None:
    """Twenty parallel actions use one thread each: the bound counts running actions, not executions."""
    before, doors = threading.active_count(), {f"a{number}": Door() for number in range(20)}
    stage.played.parts |= doors
    execution = stage.start(declaration([action(name) for name in doors]))
    eventually(lambda: all(door.holds(execution) for door in doors.values()))
    assert 20 <= threading.active_count() - before <= 20 + 8
    for door in doors.values():
        door.open(execution)
    stage.wait()
    eventually(lambda: threading.active_count() - before <= 8)


def test_executions_that_wait_have_no_thread(stage: Stage) -> None:
    """Twenty executions that wait for a stage use no thread."""
    before = threading.active_count()
    door = stage.played.parts["b"] = Door()
    queued = declaration([action("a")], [action("b")], executionMode="QUEUED", pipelineType="V2")
    first, *others = [stage.start(queued) for _ in range(21)]
    eventually(lambda: door.holds(first) and sum(execution.waits_for == "Two" for execution in others) >= 1)
    assert threading.active_count() - before <= 1 + 8
    for execution in (first, *others):
        door.open(execution)
    stage.wait()


def test_an_event_costs_the_same_however_many_came_before(stage: Stage) -> None:
    """Ten thousand progress events take about ten times as long as a thousand."""
    execution = stage.run(declaration([action("a")]))
    (started,) = stage.events(execution, "action-started")
    report: Event = {**started, "type": "action-progress", "text": "x"}

    def fold_many(count: int) -> float:
        state: Execution = stage.engine.executions[execution.id]
        began = time.process_time()
        for _ in range(count):
            state = fold(state, report)
        return time.process_time() - began

    fold_many(100)
    few = min(fold_many(1_000) for _ in range(3))
    assert fold_many(10_000) < 30 * few


def test_a_retried_execution_closes_its_journal_each_time(stage: Stage) -> None:
    """An execution that was retried twenty times leaves no descriptor open."""
    stage.played.parts["b"] = fails
    execution = stage.run(declaration([action("source")], [action("b")]))
    files = descriptors()
    for _ in range(20):
        stage.retry(execution, "Two")
        stage.wait()
    assert descriptors() == files


def test_a_cleaned_execution_is_not_a_rollback_target(stage: Stage) -> None:
    """A rollback to an execution that `clean` removed is rejected; an older target is still accepted."""
    definition = declaration([action("source")], [action("b")])
    older, newer = stage.run(definition), stage.run(definition)
    shutil.rmtree(stage.folder / newer.id)
    with pytest.raises(RequestRejected, match=f"the artifacts of {newer.id} were removed"):
        stage.rollback("Two", newer)
    back = stage.rollback("Two", older)
    stage.wait()
    assert back.status == "Succeeded"


def test_a_cleaned_execution_cannot_be_retried(stage: Stage) -> None:
    """A retry of an execution that `clean` removed is rejected, and writes no journal."""
    stage.played.parts["b"] = fails
    execution = stage.run(declaration([action("source")], [action("b")]))
    shutil.rmtree(stage.folder / execution.id)
    with pytest.raises(RequestRejected, match="start a new execution"):
        stage.engine.retry(KEY, execution.id, "Two", "FAILED_ACTIONS")
    assert not (stage.folder / execution.id).exists()
