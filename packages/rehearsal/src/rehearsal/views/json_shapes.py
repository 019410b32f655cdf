"""The shapes that options `--json` write. Contract: docs/rehearsal/json.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict


class ActionJson(TypedDict):
    name: str
    provider: str
    status: str
    seconds: float | None
    summary: str


class StageJson(TypedDict):
    name: str
    status: str
    actions: list[ActionJson]


class EarlierExecution(TypedDict):
    execution_id: str
    status: str


class InvocationJson(TypedDict):
    """A call of a deployed function at the end of a run."""

    environment: str
    account: str
    function: str
    ok: bool


class RunJson(TypedDict):
    """The result of `run`: the last execution, and the ids of earlier ones."""

    execution_id: str
    status: str
    wall_seconds: float
    earlier: list[EarlierExecution]
    stages: list[StageJson]
    invocations: list[InvocationJson]
    cold_starts: Sequence[Mapping[str, object]]
    traffic: Sequence[Mapping[str, object]]
    not_emulated: list[str]


class ExecutionJson(TypedDict):
    """One execution of `history`, without its stages. started: in ISO 8601, UTC."""

    execution_id: str
    status: str
    summary: str
    revision: str
    trigger: str
    only: str
    started: str | None
    seconds: float | None


class GraphAction(TypedDict):
    name: str
    provider: str
    run_order: int
    inputs: list[str]
    outputs: list[str]


class GraphStage(TypedDict):
    name: str
    actions: list[GraphAction]


class GraphJson(TypedDict):
    """The definition, as `run --list` has it."""

    pipeline: str
    type: str
    execution_mode: str
    stages: list[GraphStage]


class ResourceChangeJson(TypedDict):
    id: str
    type: str
    change: str
    properties: list[str]


class StackChangeJson(TypedDict):
    """change: create or update; null where nothing of the stack changes."""

    name: str
    account: str
    region: str
    change: str | None
    resources: list[ResourceChangeJson]
    others: list[str]


class StageChangeJson(TypedDict):
    name: str
    change: str | None
    actions: list[str]


class JobJson(TypedDict):
    """A build. under: the definition that it runs under, `deployed` or `new`."""

    stage: str
    action: str
    project: str
    commands: list[str]
    under: str


class SelfMutationJson(TypedDict):
    updates: bool
    restarts: bool


class PlanJson(TypedDict):
    """The changes that a push would deploy, as `plan` has them."""

    self_mutation: SelfMutationJson
    stages: list[StageChangeJson]
    stacks: list[StackChangeJson]
    jobs: list[JobJson]
    approvals: list[str]
    warnings: list[str]
