"""The shape of an event of a journal; journal.py lists which type of event has which fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NotRequired, Required, TypedDict

from rehearsal.engine.model.definition import Declaration
from rehearsal.engine.state.execution import ExecutionStatus


class ArtifactRecord(TypedDict):
    """An artifact: the object in its artifact store."""

    name: str
    bucket: str
    key: str
    encrypted_with: NotRequired[str]
    version: NotRequired[str]
    revision: NotRequired[str]


class ActionOutline(TypedDict):
    name: str
    provider: str


class StageOutline(TypedDict):
    """A stage with its actions, so that views need no definition."""

    name: str
    actions: Sequence[ActionOutline]


class EventFields(TypedDict, total=False):
    """The fields of all types of events.

    variables: of an execution, by namespace, or of an action.
    """

    abandon: bool
    account: str
    action: str
    approved: bool
    artifacts: Sequence[ArtifactRecord]
    attempt: int
    by: str
    condition: str
    declaration: Declaration
    ending: ExecutionStatus
    error_code: str | None
    executed: bool
    execution: str
    external_id: str
    failure: str | None
    id: str
    inputs: Sequence[ArtifactRecord]
    log: str
    mode: str
    namespace: str | None
    number: int
    only: str
    outputs: Sequence[ArtifactRecord]
    overridden: Sequence[str]
    owner: str
    pipeline: str
    pipeline_id: str
    provider: str
    reason: str
    region: str
    resolved: Mapping[str, str]
    restart: bool
    restart_of: str | None
    restarted_as: str | None
    result: str | None
    retry_mode: str | None
    revision: Mapping[str, str] | None
    revisions: Sequence[Mapping[str, str]]
    rollback_of: str | None
    rolled_back_as: str | None
    run_order: int
    seconds: float | None
    stage: str
    stages: Sequence[StageOutline]
    status: str
    summary: str
    text: str
    token: str
    trigger: Mapping[str, str]
    variables: Mapping[str, str] | Mapping[str, Mapping[str, str]]
    version: int
    wanted: Mapping[str, Mapping[str, str]]


class Event(EventFields, total=False):
    """An event. v: the version of the format; at: seconds since 1970."""

    v: Required[int]
    at: Required[float]
    type: Required[str]
