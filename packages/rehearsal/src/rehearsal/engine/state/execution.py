"""The state of one execution, as frozen values that `fold` derives from the events of its journal."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from rehearsal.engine.action_api import Artifact, Outcome, Revision
from rehearsal.engine.model.definition import NO_PIPELINE, Action, Pipeline, PipelineKey

ExecutionStatus = Literal[
    "", "InProgress", "Stopping", "Stopped", "Succeeded", "Failed", "Superseded", "Cancelled", "Interrupted"
]
# (is a rule, stage, action name, attempt number)
AttemptKey = tuple[bool, str, str, int]
NO_KEY = PipelineKey("", "", "")
RUNNING = ("InProgress", "Stopping")


@dataclass(frozen=True)
class ActionState:
    """One attempt of an action (or of a condition's rule); `status` is one of ActionExecutionStatus.

    started, ended: seconds since 1970. seconds: the duration. token: for the answer to an approval, while it waits.
    log: the file with the action's output. progress: its last line. resolved: the configuration with variables
    resolved. external_id: the id of the work in the service that does it, such as a build id.
    """

    stage: str
    name: str
    provider: str
    is_rule: bool = False
    attempt: int = 1
    id: str = ""
    status: str = "InProgress"
    summary: str = ""
    error_code: str | None = None
    started: float = 0.0
    ended: float | None = None
    seconds: float | None = None
    token: str | None = None
    progress: str = ""
    log: str = ""
    resolved: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Artifact] = field(default_factory=dict)
    outcome: Outcome | None = None
    external_id: str = ""

    @property
    def key(self) -> AttemptKey:
        return self.is_rule, self.stage, self.name, self.attempt


@dataclass(frozen=True)
class ConditionState:
    """The result of a stage's conditions of one kind; `status` is one of ConditionExecutionStatus."""

    status: str
    summary: str = ""


@dataclass(frozen=True)
class StageState:
    """The state of a stage in one execution; `status` is one of StageExecutionStatus.

    conditions: by kind: beforeEntry, onSuccess or onFailure.
    """

    status: str = "InProgress"
    conditions: Mapping[str, ConditionState] = field(default_factory=dict)
    attempt: int = 1
    automatic_retries: int = 0
    manual_retries: int = 0
    latest_retry: str | None = None


@dataclass(frozen=True)
class Origin:
    """Why an execution was started, and with what; it never changes.

    requested_revisions: by source action and type. token: the client request token. restart_of: the execution that an
    update has cancelled. rollback_of: the execution whose artifacts and variables a rollback uses. only: `stage/action`
    where a single action runs.
    """

    trigger: Mapping[str, str] = field(default_factory=dict)
    requested_revisions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    token: str = ""
    restart_of: str | None = None
    rollback_of: str | None = None
    only: str = ""


@dataclass(frozen=True)
class Execution:
    """The state of one execution; `status` is one of PipelineExecutionStatus.

    pipeline: the definition that it started with; empty where only the journal is known. pipeline_id: identifies the
    pipeline across a deletion and a new pipeline of the same name. outline: (stage, ((action, provider), ...)) of the
    definition. ending: the status that a stop, an update or a deletion has requested. abandoned: whether running
    actions were asked to end. overridden: (stage, kind) of conditions that are not checked any more. started, updated:
    seconds since 1970.
    """

    id: str = ""
    key: PipelineKey = NO_KEY
    pipeline: Pipeline = NO_PIPELINE
    pipeline_id: str = ""
    version: int = 1
    number: int = 0
    mode: str = ""
    outline: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    origin: Origin = field(default_factory=Origin)
    variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    restarted_as: str | None = None
    rolled_back_as: str | None = None
    status: ExecutionStatus = ""
    summary: str = ""
    started: float = 0.0
    updated: float = 0.0
    seconds: float | None = None
    attempt: int = 1
    waits_for: str | None = None
    ending: ExecutionStatus = ""
    abandoned: bool = False
    stop_reason: str | None = None
    artifacts: Mapping[str, Artifact] = field(default_factory=dict)
    revisions: tuple[Revision, ...] = ()
    stages: Mapping[str, StageState] = field(default_factory=dict)
    attempts: Mapping[AttemptKey, ActionState] = field(default_factory=dict)
    overridden: frozenset[tuple[str, str]] = frozenset()

    @property
    def running(self) -> bool:
        return self.status in RUNNING

    @property
    def stage(self) -> str | None:
        """The stage in progress, if any."""
        return next((name for name, state in self.stages.items() if state.status == "InProgress"), None)

    @cached_property
    def actions(self) -> Mapping[tuple[str, str], ActionState]:
        """The latest attempt of each action, by stage and name."""
        return {(state.stage, state.name): state for state in self.attempts.values() if not state.is_rule}

    @cached_property
    def rules(self) -> Mapping[tuple[str, str], ActionState]:
        """The latest attempt of each rule, by stage and name."""
        return {(state.stage, state.name): state for state in self.attempts.values() if state.is_rule}

    def next_attempt(self, stage: str, action: Action) -> int:
        """Return the number of the next attempt of an action or rule."""
        return next(
            number for number in itertools.count(1) if (action.is_rule, stage, action.name, number) not in self.attempts
        )

    def action_of(self, state: ActionState) -> Action:
        """Return the definition of an attempt's action or rule. Raises KeyError where there is none."""
        for stage in self.pipeline.stages:
            if stage.name == state.stage:
                for action in stage.rules if state.is_rule else stage.actions:
                    if action.name == state.name:
                        return action
        raise KeyError(f"{state.stage}/{state.name}")
