"""The state of one execution: frozen values, which `fold` makes from the events of its journal."""

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
# Whether it is a rule, stage, name, number of the attempt.
AttemptKey = tuple[bool, str, str, int]
NO_KEY = PipelineKey("", "", "")
RUNNING = ("InProgress", "Stopping")


@dataclass(frozen=True)
class ActionState:
    """One attempt of an action (or of a condition's rule); `status` is one of ActionExecutionStatus.

    token: with which an approval is answered, while it waits. log: the file that the action prints to. progress: its
    last line. resolved: its configuration without references to variables. external_id: how the service that does the
    work calls it.
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
    """How a stage's conditions of one kind came out; `status` is one of ConditionExecutionStatus."""

    status: str
    summary: str = ""


@dataclass(frozen=True)
class StageState:
    """A stage as one execution has it; `status` is one of StageExecutionStatus.

    conditions: by kind, which is beforeEntry, onSuccess or onFailure.
    """

    status: str = "InProgress"
    conditions: Mapping[str, ConditionState] = field(default_factory=dict)
    attempt: int = 1
    automatic_retries: int = 0
    manual_retries: int = 0
    latest_retry: str | None = None


@dataclass(frozen=True)
class Execution:
    """The state of one execution; `status` is one of PipelineExecutionStatus.

    pipeline: the definition that it started with; empty where only the journal is known. pipeline_id: of the pipeline
    as it was created, since another one of the same name may follow. outline: stages and their actions with providers.
    ending: the status that a stop, an update or a deletion wants it to end with; abandoned: whether running actions
    were asked to end. rollback_of: the execution whose artifacts and variables a rollback takes. overridden: the kinds
    of conditions, by stage, that are not checked any more. only: the one action, as `stage/action`, where no other is
    to run. wanted: the revisions that it was started for, by source action and type. token: of the start request.
    """

    id: str = ""
    key: PipelineKey = NO_KEY
    pipeline: Pipeline = NO_PIPELINE
    pipeline_id: str = ""
    version: int = 1
    number: int = 0
    mode: str = ""
    outline: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    trigger: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    wanted: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    token: str = ""
    restart_of: str | None = None
    restarted_as: str | None = None
    rollback_of: str | None = None
    rolled_back_as: str | None = None
    only: str = ""
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
        """The stage that it is in."""
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
        """The number of the next attempt of an action or rule."""
        return next(
            number for number in itertools.count(1) if (action.is_rule, stage, action.name, number) not in self.attempts
        )

    def action_of(self, state: ActionState) -> Action:
        """The definition of what was attempted."""
        for stage in self.pipeline.stages:
            if stage.name == state.stage:
                for action in stage.rules if state.is_rule else stage.actions:
                    if action.name == state.name:
                        return action
        raise KeyError(f"{state.stage}/{state.name}")
