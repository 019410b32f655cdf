"""Functions of an environment: versions, the weights of their aliases, calls, errors and cold starts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_cloudwatch.type_defs import DatapointTypeDef
    from types_boto3_codepipeline.type_defs import PipelineDeclarationOutputTypeDef
    from types_boto3_lambda.type_defs import AliasConfigurationTypeDef
    from types_boto3_logs.type_defs import FilteredLogEventTypeDef

# Source: AWS Lambda developer guide, "Viewing Lambda function logs": the REPORT line of the text format.
_REPORT = re.compile(
    r"^REPORT RequestId: (?P<id>\S+)\s+Duration: (?P<ms>[\d.]+) ms.*?Max Memory Used: (?P<memory>\d+) MB"
    r"(?:.*?Init Duration: (?P<init>[\d.]+) ms)?(?P<rest>.*)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Place:
    """Where functions of an environment are: a stack."""

    environment: str
    stack: str
    account: str
    region: str


@dataclass(frozen=True)
class Share:
    """How much of an alias's traffic a version gets, in percent."""

    version: str
    percent: float


@dataclass(frozen=True)
class Alias:
    """An alias and its shares, the largest first."""

    name: str
    shares: tuple[Share, ...]


@dataclass(frozen=True)
class Call:
    """A call, as its report says. init_ms: of a cold start, else None."""

    at: float
    request_id: str
    ms: float
    memory_mb: int
    init_ms: float | None
    status: str


@dataclass(frozen=True)
class FunctionView:
    """A function. invocations, errors: of the last day, None where they could not be read."""

    place: Place
    name: str
    runtime: str
    modified: str
    versions: tuple[str, ...]
    aliases: tuple[Alias, ...]
    calls: tuple[Call, ...] = ()
    invocations: int | None = None
    errors: int | None = None

    @property
    def cold_starts(self) -> list[Call]:
        """The cold starts of the calls that are known."""
        return [call for call in self.calls if call.init_ms is not None]

    @property
    def published(self) -> list[str]:
        """The versions other than $LATEST."""
        return [version for version in self.versions if version != "$LATEST"]

    @property
    def qualifiers(self) -> list[str]:
        """The qualifiers that can be invoked, aliases first."""
        return [*(alias.name for alias in self.aliases), *reversed(self.versions)]


def places(definition: PipelineDeclarationOutputTypeDef, region: str) -> list[Place]:
    """Return the stacks that the pipeline deploys, each once, in the order of the stages."""
    by_stack: dict[tuple[str, str, str], Place] = {}
    for stage in definition["stages"]:
        for action in stage["actions"]:
            configuration = action.get("configuration", {})
            if action["actionTypeId"]["provider"] == "CloudFormation" and "StackName" in configuration:
                account = (action.get("roleArn", "") + "::::").split(":")[4]
                place = Place(stage["name"], configuration["StackName"], account, action.get("region", region))
                by_stack.setdefault((place.stack, account, place.region), place)
    return list(by_stack.values())


def alias(answer: AliasConfigurationTypeDef) -> Alias:
    """Read an alias.

    Source: Lambda API reference, "AliasRoutingConfiguration": a weight is the part of the traffic of one more version.
    """
    weights = answer.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    others = [Share(version, round(weight * 100, 2)) for version, weight in weights.items()]
    first = Share(answer["FunctionVersion"], round(100 - sum(share.percent for share in others), 2))
    return Alias(answer["Name"], tuple(sorted((first, *others), key=lambda share: -share.percent)))


def calls(events: Iterable[FilteredLogEventTypeDef]) -> list[Call]:
    """Return the calls of a log, the latest first."""
    reports = [call for event in events if (call := _call(event["message"], event["timestamp"] / 1000))]
    return sorted(reports, key=lambda call: -call.at)


def total(datapoints: Sequence[DatapointTypeDef]) -> int:
    """Return the sum of a metric's data points."""
    return int(sum(point.get("Sum", 0) for point in datapoints))


def _call(message: str, at: float) -> Call | None:
    if match := _REPORT.match(message):
        status = next((status for status in ("error", "timeout") if f"Status: {status}" in match["rest"]), "")
        init = float(match["init"]) if match["init"] else None
        return Call(at, match["id"], float(match["ms"]), int(match["memory"]), init, status)
    with suppress(ValueError, KeyError, TypeError, RecursionError):
        event = json.loads(message)
        if event["type"] == "platform.report":
            record, metrics = event["record"], event["record"]["metrics"]
            status = "" if record.get("status", "success") == "success" else str(record["status"])
            init, memory = metrics.get("initDurationMs"), int(metrics.get("maxMemoryUsedMB", 0))
            return Call(at, record["requestId"], float(metrics["durationMs"]), memory, init, status)
    return None
