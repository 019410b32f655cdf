"""Small pipelines whose actions are functions of the tests: no CDK, no emulator, no real time limits."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rehearsal.actions.not_executed import Accepting
from rehearsal.aws import Endpoint
from rehearsal.engine.action_api import ActionError, ActionRunner, Outcome, Task
from rehearsal.engine.endpoint import Credentials
from rehearsal.engine.engine import Engine
from rehearsal.engine.model.definition import ActionType, PipelineKey
from rehearsal.engine.running.environment import Environment, Listener, ignore_event
from rehearsal.engine.state import journal
from rehearsal.engine.state.events import Event
from rehearsal.engine.state.execution import Execution
from rehearsal.engine.state.fold import fold_all
from rehearsal.workspace.acceptances import Accepted

KEY = PipelineKey("111111111111", "eu-west-1", "tiny")


def action(name: str, run_order: int = 1, **configuration: str) -> dict[str, Any]:
    """Return an action of the provider Played; `namespace` becomes a field of the action."""
    said = {"name": name, "runOrder": run_order, "actionTypeId": {"category": "Test", "provider": "Played"}}
    namespace = configuration.pop("namespace", None)
    return {**said, "configuration": configuration, **({"namespace": namespace} if namespace else {})}


def rule(name: str, **configuration: str) -> dict[str, Any]:
    """Return a rule of the provider Played."""
    return {"name": name, "ruleTypeId": {"category": "Rule", "provider": "Played"}, "configuration": configuration}


def declaration(*stages: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return a pipeline definition with the stages One, Two, ... that have these actions."""
    names = ["One", "Two", "Three", "Four"]
    return {
        "name": KEY.name,
        "roleArn": "arn:aws:iam::111111111111:role/pipeline",
        "artifactStore": {"type": "S3", "location": "bucket"},
        "stages": [{"name": name, "actions": list(actions)} for name, actions in zip(names, stages, strict=False)],
        **more,
    }


class Played:
    """A runner that calls the test's function for each action name; an action without one succeeds immediately."""

    def __init__(self) -> None:
        self.parts: dict[str, Callable[[Task], Outcome]] = {}
        self.seen: list[str] = []
        self.tasks: list[Task] = []
        self._lock = threading.Lock()

    def run(self, task: Task) -> Outcome:
        with self._lock:
            self.seen.append(task.action.name)
            self.tasks.append(task)
        return self.parts.get(task.action.name, succeeds)(task)


def succeeds(task: Task) -> Outcome:
    return Outcome(failed=False, summary="done", variables={"said": task.action.configuration.get("say", "")})


def fails(task: Task) -> Outcome:
    return Outcome(failed=True, summary="red")


def errors(task: Task) -> Outcome:
    raise ActionError("no such thing")


def until_stopped(task: Task) -> Outcome:
    task.stop.wait(10)
    return Outcome(failed=True, summary="was stopped")


class Door:
    """An action that waits until the test opens it, separately for each execution."""

    def __init__(self, then: Any = None) -> None:
        self.inside: list[str] = []
        self.opened: dict[str, threading.Event] = {}
        self._then = then

    def __call__(self, task: Task) -> Outcome:
        self.inside.append(task.execution_id)
        self._event(task.execution_id).wait(10)
        return self._then(task) if self._then else Outcome(failed=False, summary="done")

    def open(self, execution: Live) -> None:
        self._event(execution.id).set()

    def holds(self, execution: Live) -> bool:
        return execution.id in self.inside

    def _event(self, id_: str) -> threading.Event:
        return self.opened.setdefault(id_, threading.Event())


def at_first(first: Callable[[Task], Outcome]) -> Callable[[Task], Outcome]:
    """Return an action that runs `first` once and succeeds from then on."""
    parts = itertools.chain([first], itertools.repeat(succeeds))

    def plays(task: Task) -> Outcome:
        return next(parts)(task)

    return plays


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds; fail after ten seconds."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "the condition did not hold within 10 seconds"
        time.sleep(0.01)


class Live:
    """The current state of an execution: the engine's snapshot, or the journal once the engine has dropped it."""

    def __init__(self, stage: Stage, id_: str) -> None:
        self._stage, self.id = stage, id_

    def __getattr__(self, name: str) -> Any:
        state = self._stage.engine.executions.get(self.id)
        return getattr(state or fold_all(self._stage.events(self)), name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Live | Execution) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)


class Stage:
    """An engine with one pipeline of Played actions."""

    def __init__(
        self, folder: Path, limits: Mapping[ActionType, float] | None = None, accepted: Accepted | None = None
    ) -> None:
        self.played = Played()
        self.listener: Listener = ignore_event
        self.folder = folder
        self.runners: dict[ActionType, ActionRunner] = {
            ActionType("Test", "Played"): self.played,
            ActionType("Rule", "Played"): self.played,
        }

        def assume(
            role_arn: str, service: str, session_name: str, *, through: str = "", region: str = ""
        ) -> Credentials:
            return Credentials("key", "secret")

        self.engine = Engine(
            Environment(
                Endpoint("http://127.0.0.1:1"),
                assume,
                Accepting(self.runners, lambda: accepted or Accepted()),
                executions=folder,
                pipelines=folder / "pipelines",
                listener=self._hear,
                limits=limits or {},
            )
        )

    def _hear(self, execution: Execution, event: Event) -> None:
        self.listener(execution, event)

    def start(self, definition: dict[str, Any]) -> Live:
        if KEY not in self.engine.pipelines:
            self.engine.create(KEY, definition)
        return self.live(self.engine.start(KEY, trigger={"triggerType": "StartPipelineExecution"}))

    def live(self, execution: Execution) -> Live:
        return Live(self, execution.id)

    @property
    def all(self) -> list[Live]:
        """The pipeline's executions, oldest first."""
        return [self.live(execution) for execution in self.engine.executions_of(KEY)]

    def run(self, definition: dict[str, Any]) -> Live:
        execution = self.start(definition)
        self.wait()
        return execution

    def wait(self) -> None:
        assert self.engine.wait_until_idle(20)

    def close(self) -> None:
        """Close the engine; a close that hangs fails the test and does not block the next one."""
        closing = threading.Thread(target=self.engine.close, daemon=True)
        closing.start()
        closing.join(20)
        assert not closing.is_alive(), "the engine does not end"

    def stop(self, execution: Live, *, abandon: bool) -> None:
        self.engine.stop(KEY, execution.id, "enough", abandon=abandon)

    def retry(self, execution: Live, stage: str, mode: str = "FAILED_ACTIONS") -> None:
        self.engine.retry(KEY, execution.id, stage, mode)

    def override(self, execution: Live, stage: str, kind: str) -> None:
        self.engine.override(KEY, execution.id, stage, kind)

    def rollback(self, stage: str, target: Live) -> Live:
        return self.live(self.engine.rollback(KEY, stage, target.id))

    def events(self, execution: Live, type_: str = "") -> list[Event]:
        """Return the events of the execution's journal, or only the events of one type."""
        events = journal.read(self.folder / execution.id / "journal.jsonl")
        return [event for event in events if not type_ or event["type"] == type_]
