"""Concurrent callers, actions and listeners: each test reproduces a fault of an earlier engine."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal.engine.action_api import Answer, Outcome, Revision, Task
from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.definition import ActionType
from rehearsal.engine.running.scheduler import ThreadScheduler
from rehearsal.engine.running.work_folders import attempt_folder
from rehearsal.engine.state.events import Event
from tests.engine.conftest import KEY, Stage, action, at_first, declaration, eventually, fails, succeeds
from tests.engine.driven_engine import START


def test_an_action_that_cannot_begin_leaves_no_other_one_waiting(stage: Stage) -> None:
    """An action whose folder cannot be created errors with the cause, and the execution ends as Failed."""
    stage.played.parts["a"] = fails
    blocked = stage.folder / "blocked"
    blocked.write_text("")

    def no_folder(execution: Path, where: str, name: str, attempt: int, *, is_rule: bool) -> Path:
        return blocked / "x" if name == "b" else attempt_folder(execution, where, name, attempt, is_rule=is_rule)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rehearsal.engine.running.attempts.attempt_folder", no_folder)
        execution = stage.run(declaration([action("a"), action("b")]))
    assert execution.status == "Failed"
    assert "NotADirectoryError" in execution.actions[("One", "b")].summary
    assert execution.actions[("One", "b")].error_code == "InternalError"


@pytest.mark.parametrize("names", [("a@b", "a-b"), ("X.2", "X"), (".", ".."), ("a/b", "a%2Fb")])
def test_actions_of_any_names_have_folders_of_their_own(stage: Stage, names: tuple[str, str]) -> None:
    """Actions whose names are similar or have special characters have separate folders, in each attempt."""
    for name in names:
        stage.played.parts[name] = at_first(fails)
    execution = stage.run(declaration([action("source")], [action(name) for name in names]))
    stage.retry(execution, "Two")
    stage.wait()
    assert execution.status == "Succeeded"
    assert len({task.folder for task in stage.played.tasks}) == 5


def test_a_runner_that_breaks_in_any_way_ends_its_action(stage: Stage) -> None:
    """A runner that raises SystemExit fails its action, with the exception in the summary."""

    def exits(task: Task) -> Outcome:
        raise SystemExit(3)

    stage.played.parts["a"] = exits
    execution = stage.run(declaration([action("a")]))
    assert (execution.status, execution.summary) == ("Failed", "One/a: SystemExit: 3")


@pytest.fixture
def _frequent_turns() -> Iterator[None]:
    """Let threads take turns so often that busy readers do not hold up the engine."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(interval / 50)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("_frequent_turns")
def test_reads_while_executions_start(stage: Stage) -> None:
    """Other threads can list executions while executions start."""
    definition = declaration([action("a")], executionMode="PARALLEL")
    stage.start(definition)
    failures: list[BaseException] = []
    ended = threading.Event()

    def reads() -> None:
        try:
            while not ended.is_set():
                assert all(execution.id for execution in stage.engine.executions_of(KEY))
                assert {**stage.engine.executions}
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            failures.append(error)

    readers = [threading.Thread(target=reads) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(60):
        stage.start(definition)
        stage.wait()
    ended.set()
    for reader in readers:
        reader.join()
    assert failures == []


def test_a_retry_immediately_after_a_failure_loses_no_event(stage: Stage) -> None:
    """A retry right after a failure keeps every event of both attempts in the journal."""
    stage.played.parts["b"] = fails
    execution = stage.run(declaration([action("source")], [action("b")]))
    for attempt in range(2, 60):
        stage.retry(execution, "Two")
        eventually(lambda: execution.status == "Failed")
        assert execution.attempt == attempt
    stage.wait()
    types = [event["type"] for event in stage.events(execution)]
    assert types.count("action-finished") == 60
    assert (types.count("execution-resumed"), types.count("execution-finished")) == (58, 59)


def test_a_retry_keeps_what_its_actions_share(stage: Stage) -> None:
    """A retry right after a failure keeps the folder that its actions share."""
    found: list[bool] = []

    def shares(task: Task) -> Outcome:
        task.shared.mkdir(exist_ok=True)
        (task.shared / "file").touch()
        return fails(task)

    def looks(task: Task) -> Outcome:
        shares(task)
        threading.Event().wait(0.1)
        found.append((task.shared / "file").exists())
        return succeeds(task)

    for _ in range(5):
        stage.played.parts["b"] = shares
        execution = stage.run(declaration([action("source")], [action("b")]))
        stage.played.parts["b"] = looks
        stage.retry(execution, "Two")
        stage.wait()
    assert found == [True] * 5


def test_nothing_starts_while_the_engine_closes(stage: Stage) -> None:
    """A start during `close` is rejected with ConflictException, and `close` waits for every execution."""
    stage.engine.create(KEY, declaration([action("a")], executionMode="PARALLEL", pipelineType="V2"))
    refused: list[str] = []
    ended = threading.Event()

    def starts() -> None:
        while not ended.is_set():
            try:
                stage.engine.start(KEY, trigger=START)
            except RequestRejected as error:
                refused.append(error.code)
                if error.code == "ConflictException":
                    return

    starters = [threading.Thread(target=starts, daemon=True) for _ in range(3)]
    for starter in starters:
        starter.start()
    eventually(lambda: len(stage.engine.executions) > 3)
    stage.close()
    assert [execution.id for execution in stage.engine.executions.values() if execution.running] == []
    count = len(stage.played.seen)
    for starter in starters:
        starter.join(10)
        assert not starter.is_alive()
    assert refused.count("ConflictException") == 3
    assert len(stage.played.seen) == count, "something ran after the end"


def test_parallel_sources_keep_all_revisions(stage: Stage) -> None:
    """Eight source actions that end at the same time keep eight revisions."""
    names = [f"s{number}" for number in range(8)]
    meeting = threading.Barrier(len(names), timeout=10)

    def brings(task: Task) -> Outcome:
        meeting.wait()
        return Outcome(False, "", revision=Revision(task.action.name, task.action.name))

    for name in names:
        stage.played.parts[name] = brings
    for _ in range(5):
        execution = stage.run(declaration([action(name) for name in names]))
        assert sorted(revision.id for revision in execution.revisions) == names


def test_an_answer_that_was_confirmed_outlives_the_time_limit(tmp_path: Path) -> None:
    """A confirmed approval counts, although the execution is stopped before the action has read it."""
    stage = Stage(tmp_path)
    approval = ActionType("Approval", "Manual")
    entered, go = threading.Event(), threading.Event()

    class Slow:
        def run(self, task: Task) -> Outcome:
            task.approval.request("?")
            entered.set()
            go.wait(10)
            answer = task.approval.answer()
            return Outcome(not (answer and answer.approved), answer.summary if answer else "no answer")

    stage.runners[approval] = Slow()
    ask = {"name": "ask", "actionTypeId": {"category": "Approval", "provider": "Manual"}}
    execution = stage.start(declaration([action("source")], [ask]))
    eventually(lambda: entered.is_set() and bool(execution.actions[("Two", "ask")].token))
    token = execution.actions[("Two", "ask")].token
    stage.engine.answer(KEY, "Two", "ask", token, Answer(approved=True, summary="fine"))
    stage.stop(execution, abandon=True)
    go.set()
    stage.wait()
    assert execution.actions[("Two", "ask")].status == "Succeeded"
    stage.engine.close()


def test_a_listener_may_be_slow_and_call_the_engine(stage: Stage) -> None:
    """Executions do not wait for a slow listener, and a listener can start an execution without a deadlock."""
    door, started = threading.Event(), list[str]()

    def listen(_: Any, event: Event) -> None:
        if event["type"] == "execution-finished" and not started:
            started.append(stage.engine.start(KEY, trigger=START).id)
        door.wait(10)

    stage.listener = listen
    execution = stage.start(declaration([action("a")]))
    eventually(lambda: execution.status == "Succeeded")
    door.set()
    eventually(lambda: [execution.status for execution in stage.all] == ["Succeeded", "Succeeded"])


def test_an_action_finds_itself_in_what_is_published(stage: Stage) -> None:
    """An action can read its own state as soon as it runs."""
    found: list[bool] = []

    def looks(task: Task) -> Outcome:
        execution = stage.engine.executions[task.execution_id]
        found.append((task.stage, task.action.name) in execution.actions)
        return succeeds(task)

    names = [f"a{number}" for number in range(10)]
    stage.played.parts = dict.fromkeys(names, looks)
    stage.run(declaration(*[[action(name) for name in names]] * 4))
    assert found == [True] * 40


def test_every_command_around_the_end_of_the_engine_is_answered() -> None:
    """A command that arrives while the engine closes returns a result or is rejected; it never hangs."""
    scheduler = ThreadScheduler()
    answers: queue.SimpleQueue[str] = queue.SimpleQueue()

    def send_until_rejected() -> None:
        try:
            while True:
                scheduler.call(lambda: None)
        except RequestRejected as error:
            answers.put(error.code)

    senders = [threading.Thread(target=send_until_rejected, daemon=True) for _ in range(4)]
    for sender in senders:
        sender.start()
    scheduler.close()
    assert [answers.get(timeout=30) for _ in senders] == ["ConflictException"] * 4


def test_the_changes_of_a_message_that_fails_are_published() -> None:
    """After a message that raises an error, its changes are published, and the next message is handled."""
    scheduler, published = ThreadScheduler(), queue.SimpleQueue[str]()
    scheduler.run_after_each_message(lambda: published.put("published"))

    def fail() -> None:
        raise RuntimeError

    scheduler.post(fail)
    assert published.get(timeout=10) == "published"
    assert scheduler.call(lambda: "answered") == "answered"
    scheduler.close()
