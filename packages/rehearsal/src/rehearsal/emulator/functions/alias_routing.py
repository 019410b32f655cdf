"""Routing of alias invocations to one of the alias's versions, and the metrics of every invocation.

MiniStack chooses the version when it looks up a function, which it also does without invoking it. Here the record that
is looked up refers to the alias, and the version is chosen when the record is executed.
Source: AWS Lambda developer guide, "Implement Lambda canary deployments using a weighted alias".
"""

from __future__ import annotations

import contextvars
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from rehearsal.emulator.functions import metrics
from rehearsal.emulator.functions.alias_weights import AliasCounter
from rehearsal.emulator.ministack.port import functions
from rehearsal.emulator.ministack.port.function_records import (
    ExecutionOutcome,
    FunctionConfig,
    FunctionRecord,
    configuration,
)
from rehearsal.emulator.ministack.port.requests import Answer

# Keys of a record that is about to be executed.
PENDING: Final = "_alias_to_route"
QUALIFIER: Final = "_invoked_qualifier"
MEASURED: Final = "_measured"


class InvokedRecord(FunctionRecord, total=False):
    """The record of a function that is about to be executed."""

    _alias_to_route: PendingAlias
    _invoked_qualifier: str
    _measured: bool


Resolve = Callable[[InvokedRecord | None, str | None], tuple[InvokedRecord | None, InvokedRecord | None]]
Execute = Callable[[InvokedRecord, object], ExecutionOutcome]
Invoke = Callable[..., Awaitable[Answer]]


@dataclass(frozen=True)
class PendingAlias:
    """An alias whose version is not chosen yet."""

    function: FunctionRecord
    name: str


@dataclass(frozen=True)
class InvokedAlias:
    """The alias that an Invoke request names."""

    arn: str
    name: str


_invoked: contextvars.ContextVar[InvokedAlias | None] = contextvars.ContextVar("invoked_alias", default=None)
_counter = AliasCounter()


def keep_alias(resolve: Resolve) -> Resolve:
    """Return the replacement of the function that looks up the record for a qualifier; the record keeps the alias."""

    def resolve_with_alias(
        function: InvokedRecord | None, qualifier: str | None
    ) -> tuple[InvokedRecord | None, InvokedRecord | None]:
        record, config = resolve(function, qualifier)
        if function is None or record is None or qualifier not in function.get("aliases", {}):
            return record, config
        return {**record, PENDING: PendingAlias(function, str(qualifier))}, config

    return resolve_with_alias


def invoke_routed(invoke: Invoke) -> Invoke:
    """Return the replacement of Invoke; it chooses an alias's version before the invocation."""

    async def invoke_version(
        name: str, event: object, headers: Mapping[str, str], path_qualifier: str | None = None, query: object = None
    ) -> Answer:
        alias = functions.requested_alias(name, path_qualifier, query, headers)
        if alias is None or functions.invocation_type(headers) == "DryRun":
            return await invoke(name, event, headers, path_qualifier, query)
        token = _invoked.set(InvokedAlias(alias["AliasArn"], alias["Name"]))
        try:
            return await invoke(name, event, headers, _counter.next_version(alias), query)
        finally:
            _invoked.reset(token)

    return invoke_version


def route_events(invoke: Callable[[InvokedRecord, object], None]) -> Callable[[InvokedRecord, object], None]:
    """Return the replacement of asynchronous invocation; retries run the same version as the first attempt."""

    def invoke_version(function: InvokedRecord, event: object) -> None:
        invoke(_routed(function), event)

    return invoke_version


def execute_measured(execute: Execute) -> Execute:
    """Return the replacement of the function that executes a record, which every kind of invocation calls."""

    def execute_version(function: InvokedRecord, event: object) -> ExecutionOutcome:
        if MEASURED in function:
            return execute(function, event)
        routed, began = _routed(function), time.monotonic()
        result = execute({**routed, MEASURED: True}, event)
        metrics.record_invocation(
            configuration(routed),
            routed.get(QUALIFIER) or "",
            result,
            milliseconds=(time.monotonic() - began) * 1000,
        )
        return result

    return execute_version


def record_no_metrics(_emit: Callable[..., None]) -> Callable[..., None]:
    """Return the replacement of MiniStack's own metrics; it records nothing, because `execute_measured` does."""

    def emit(*_arguments: object, **_more: object) -> None:
        return

    return emit


def _routed(function: InvokedRecord) -> InvokedRecord:
    """The record of the version to run, with the invoked ARN."""
    pending, invoked = function.get(PENDING), _invoked.get()
    config = function.get("config") or {}
    if QUALIFIER in function or not config:
        return function
    if pending:
        return _version_of(pending) or function
    arn = str(config.get("FunctionArn", ""))
    if invoked and arn.rpartition(":")[0] == invoked.arn.rpartition(":")[0]:
        return {**function, "config": {**config, "FunctionArn": invoked.arn}, QUALIFIER: invoked.name}
    return {**function, QUALIFIER: functions.arn_qualifier(arn)}


def _version_of(pending: PendingAlias) -> InvokedRecord | None:
    """The record of the next version of an alias; None where the alias or the version was deleted."""
    alias = pending.function["aliases"].get(pending.name)
    if not alias:
        return None
    version = _counter.next_version(alias)
    record = pending.function if version == "$LATEST" else pending.function["versions"].get(version)
    if record is None:
        return None
    config: FunctionConfig = {**record["config"], "FunctionArn": alias["AliasArn"]}
    return {**cast("InvokedRecord", record), "config": config, QUALIFIER: pending.name}
