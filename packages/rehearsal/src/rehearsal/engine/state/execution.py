"""The state of one execution, as the engine keeps it and the API shows it."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from rehearsal.engine.action_api import ActionRunner, Artifact, Assume, Outcome, Require, Revision, allow_everything
from rehearsal.engine.endpoint import Endpoint
from rehearsal.engine.model.definition import Action, ActionType, Json, Pipeline, PipelineKey
from rehearsal.engine.running.retry_barrier import RetryBarrier
from rehearsal.engine.state.journal import Event

Listener = Callable[["Execution", Event], None]


class Events(Protocol):
    """What takes an execution's events."""

    def write(self, type_: str, /, **fields: Any) -> None: ...


def ignore_event(_execution: Execution, _event: Event) -> None:
    """A listener that does nothing."""


@dataclass(frozen=True)
class Environment:
    """What every execution shares: the embedded AWS, the runners of actions and rules, and where files go.

    listener: is told every event of every execution, after the journal has it. limits: seconds per action type, where
    they differ from CodePipeline's own.
    """

    endpoint: Endpoint
    assume: Assume
    runners: Mapping[ActionType, ActionRunner]
    executions: Path
    listener: Listener = ignore_event
    limits: Mapping[ActionType, float] = field(default_factory=dict)
    asked: Require = allow_everything


@dataclass
class ActionState:
    """One attempt of an action (or of a condition's rule); `status` is one of ActionExecutionStatus."""

    stage: str
    action: Action
    attempt: int = 1
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "InProgress"
    summary: str = ""
    error_code: str | None = None
    started: float = field(default_factory=time.time)
    ended: float | None = None
    token: str | None = None
    resolved: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Artifact] = field(default_factory=dict)
    outcome: Outcome | None = None


@dataclass
class ConditionState:
    """How a stage's conditions of one kind came out; `status` is one of ConditionExecutionStatus."""

    status: str
    summary: str = ""


@dataclass
class StageState:
    """A stage as one execution has it; `status` is one of StageExecutionStatus.

    conditions: by kind, which is beforeEntry, onSuccess or onFailure.
    """

    status: str = "InProgress"
    conditions: dict[str, ConditionState] = field(default_factory=dict)
    attempt: int = 1
    automatic_retries: int = 0
    manual_retries: int = 0
    latest_retry: str | None = None


@dataclass
class Execution:
    """The state of one execution; `status` is one of PipelineExecutionStatus.

    `ending` is the status that a stop, an update or a deletion wants it to end with. `rollback_of` is the execution
    whose artifacts and variables a rollback takes; `rollback_wanted` the stage that is to be rolled back afterwards;
    `overridden` the kinds of conditions, by stage, that are not checked any more; `only` the one action, as
    `stage/action`, where no other is to run; `wanted` the revisions that it was started for, by source action and type;
    `token` what its starter called the request.
    """

    key: PipelineKey
    pipeline: Pipeline
    declaration: Json
    version: int
    number: int
    trigger: Mapping[str, str]
    variables: dict[str, dict[str, str]]
    restart_of: str | None = None
    rollback_of: str | None = None
    only: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "InProgress"
    summary: str = ""
    started: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    revisions: list[Revision] = field(default_factory=list)
    stages: dict[str, StageState] = field(default_factory=dict)
    actions: dict[tuple[str, str], ActionState] = field(default_factory=dict)
    rules: dict[tuple[str, str], ActionState] = field(default_factory=dict)
    attempts: list[ActionState] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    stop_reason: str | None = None
    waits_for: str | None = None
    ending: str | None = None
    failure: str | None = None
    restart_wanted: bool = False
    rollback_wanted: str | None = None
    attempt: int = 1
    wave: RetryBarrier | None = None
    trace: Events | None = None
    wanted: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    token: str = ""
    overridden: set[tuple[str, str]] = field(default_factory=set)
    _running: set[threading.Event] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def running(self) -> bool:
        return self.status in ("InProgress", "Stopping")

    def finish_as(self, status: str, summary: str, *, failed: bool = False) -> bool:
        """Let the running actions end, then end with `status`. False where it has ended already."""
        with self._lock:
            if not self.running:
                return False
            self.ending, self.summary = status, summary
            self.failure = summary if failed else None
            if status == "Stopped":
                self.status, self.stop_reason = "Stopping", summary
            self.updated = time.time()
            return True

    def set_final_status(self, status: str, summary: str) -> None:
        """End with `status`, or with what was asked for meanwhile."""
        with self._lock:
            if self.ending:
                self.status = self.ending
            else:
                self.status, self.summary = status, summary
            self.waits_for = None
            self.updated = time.time()

    def reopen(self) -> None:
        """Take it up again after a failure."""
        self.status, self.summary, self.attempt = "InProgress", "", self.attempt + 1
        self.ending = self.failure = self.stop_reason = self.rollback_wanted = None
        self.stop.clear()

    def abandon(self) -> None:
        """Ask the running actions to end now."""
        with self._lock:
            self.stop.set()
            for each in self._running:
                each.set()

    def override(self, stage: str, kind: str) -> None:
        """Check the stage's conditions of this kind no further: while they are, nothing but their rules runs."""
        with self._lock:
            self.overridden.add((stage, kind))
            for each in self._running:
                each.set()

    def retry_while_running(self, stage: str) -> bool:
        """Let the failed actions of a stage run again beside those that still run; False where that can't be done."""
        state = self.stages.get(stage)
        inside = state is not None and state.status == "InProgress" and self.ending is None
        return inside and self.wave is not None and self.wave.retry()

    def add_running_action(self, stop: threading.Event) -> None:
        """An action runs that ends when `stop` is set."""
        with self._lock:
            self._running.add(stop)
            if self.stop.is_set():
                stop.set()

    def remove_running_action(self, stop: threading.Event) -> None:
        with self._lock:
            self._running.discard(stop)

    def add_attempt(self, stage: str, action: Action) -> ActionState:
        """A new attempt of the action or rule, which takes the place of an earlier one."""
        latest = self.rules if action.is_rule else self.actions
        with self._lock:
            before = latest.get((stage, action.name))
            state = ActionState(stage, action, attempt=before.attempt + 1 if before else 1)
            latest[(stage, action.name)] = state
            self.attempts.append(state)
            return state
