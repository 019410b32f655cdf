"""The waterfall of an execution: when its actions ran, which of them waited, and the critical path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline_console.views.times import seconds_of

if TYPE_CHECKING:
    from types_boto3_codepipeline.type_defs import ActionExecutionDetailTypeDef, ArtifactDetailTypeDef

# Actions that wait for people, not for machines.
WAITING = frozenset(("Approval",))
# An action starts this much before the one that it waited for has ended, as the clocks of two services say.
CLOCK_SLACK_SECONDS = 0.05


@dataclass(frozen=True)
class Artifact:
    """An artifact of an action, in the artifact store."""

    name: str
    bucket: str
    key: str


@dataclass(frozen=True)
class ActionRun:
    """One attempt of an action. attempt: 1 for the first; seconds: so far, of one that runs.

    custom, link: the text and the link of an approval, with the values of its variables.
    """

    id: str
    stage: str
    name: str
    category: str
    provider: str
    status: str
    started: float
    seconds: float
    attempt: int = 1
    attempts: int = 1
    summary: str = ""
    error: str = ""
    external_id: str = ""
    external_url: str = ""
    account: str = ""
    region: str = ""
    inputs: tuple[Artifact, ...] = ()
    outputs: tuple[Artifact, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    custom: str = ""
    link: str = ""
    critical: bool = False

    @property
    def ended(self) -> float:
        return self.started + self.seconds

    @property
    def waits(self) -> bool:
        return self.category in WAITING

    @property
    def has_log(self) -> bool:
        return bool(self.external_id) and self.provider in ("CodeBuild", "Commands")

    @property
    def place(self) -> str:
        return f"{self.stage}/{self.name}"


@dataclass(frozen=True)
class Waterfall:
    """The attempts of an execution, in the order of their starts, on one time line."""

    start: float
    end: float
    rows: tuple[ActionRun, ...]

    @property
    def seconds(self) -> float:
        return max(self.end - self.start, 0.001)

    def percent(self, moment: float) -> float:
        """Return where on the time line a moment is."""
        return round(100 * (moment - self.start) / self.seconds, 3)

    def width(self, run: ActionRun) -> float:
        """Return the width of an attempt's bar; an attempt of no time has a visible bar too."""
        return max(round(100 * run.seconds / self.seconds, 3), 0.3)

    def working(self) -> float:
        """Return the seconds in which an action worked, each second once."""
        return _covered([run for run in self.rows if not run.waits])

    def waiting(self) -> float:
        """Return the seconds in which an approval waited and no action worked."""
        return _covered(self.rows) - self.working()

    def critical_seconds(self) -> float:
        """Return the seconds of work on the critical path."""
        return sum(run.seconds for run in self.rows if run.critical and not run.waits)

    def ticks(self) -> list[tuple[float, float]]:
        """Return at most nine round times, as seconds since the start with their place in percent."""
        steps = (0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 21600, 86400, 604800)
        step = next((step for step in steps if self.seconds / step <= 8), steps[-1])
        return [(step * n, self.percent(self.start + step * n)) for n in range(int(self.seconds / step) + 1)]


def waterfall(details: Sequence[ActionExecutionDetailTypeDef], now: float) -> Waterfall:
    """Read the answers of ListActionExecutions, for one execution."""
    in_order = sorted(details, key=lambda detail: seconds_of(detail.get("startTime")) or 0)
    counts: dict[tuple[str, str], int] = {}
    runs = []
    for detail in in_order:
        place = (detail["stageName"], detail["actionName"])
        counts[place] = counts.get(place, 0) + 1
        runs.append(_run(detail, counts[place], now))
    rows = mark_critical_path([replace(run, attempts=counts[(run.stage, run.name)]) for run in runs])
    if not rows:
        return Waterfall(now, now, ())
    return Waterfall(min(run.started for run in rows), max(run.ended for run in rows), tuple(rows))


def mark_critical_path(runs: Sequence[ActionRun]) -> list[ActionRun]:
    """Mark the chain of actions that decided when the execution ended.

    It is followed from the end: before each action, the one that ended last when it started.
    """
    path: list[ActionRun] = []
    current = max(runs, key=lambda run: run.ended, default=None)
    while current:
        path.append(current)
        before = [run for run in runs if run.ended <= current.started + CLOCK_SLACK_SECONDS and run not in path]
        current = max(before, key=lambda run: run.ended, default=None)
    return [replace(run, critical=run in path) for run in runs]


def _covered(runs: Sequence[ActionRun]) -> float:
    """Return the length of the union of the attempts' times."""
    total, until = 0.0, float("-inf")
    for run in sorted(runs, key=lambda run: run.started):
        total += max(0.0, run.ended - max(run.started, until))
        until = max(until, run.ended)
    return total


def _run(detail: ActionExecutionDetailTypeDef, attempt: int, now: float) -> ActionRun:
    inputs, output = detail.get("input", {}), detail.get("output", {})
    type_, result = inputs.get("actionTypeId", {}), output.get("executionResult", {})
    configuration = inputs.get("resolvedConfiguration") or inputs.get("configuration", {})
    started = seconds_of(detail.get("startTime")) or now
    running = detail.get("status") == "InProgress"
    ended = now if running else seconds_of(detail.get("lastUpdateTime")) or started
    return ActionRun(
        id=detail["actionExecutionId"],
        stage=detail["stageName"],
        name=detail["actionName"],
        category=type_.get("category", ""),
        provider=type_.get("provider", ""),
        status=detail.get("status", ""),
        started=started,
        seconds=max(0.0, ended - started),
        attempt=attempt,
        summary=result.get("externalExecutionSummary", ""),
        error=result.get("errorDetails", {}).get("message", ""),
        external_id=result.get("externalExecutionId", ""),
        external_url=_link(result.get("externalExecutionUrl", "")),
        account=_account(inputs.get("roleArn", "")),
        region=inputs.get("region", ""),
        inputs=tuple(_artifacts(inputs.get("inputArtifacts", ()))),
        outputs=tuple(_artifacts(output.get("outputArtifacts", ()))),
        custom=configuration.get("CustomData", ""),
        link=_link(configuration.get("ExternalEntityLink", "")),
        variables=tuple(sorted((name, str(value)) for name, value in output.get("outputVariables", {}).items())),
    )


def _artifacts(details: Sequence[ArtifactDetailTypeDef]) -> list[Artifact]:
    places = [(artifact.get("name", ""), artifact.get("s3location", {})) for artifact in details]
    return [Artifact(name, place.get("bucket", ""), place.get("key", "")) for name, place in places]


def _link(url: str) -> str:
    return url if url.startswith(("https://", "http://")) else ""


def _account(arn: str) -> str:
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 else ""
