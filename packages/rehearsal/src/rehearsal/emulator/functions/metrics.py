"""The metrics that Lambda publishes for an invocation, with each combination of dimensions.

Source: AWS Lambda developer guide, "Using CloudWatch metrics with Lambda", types of metrics and dimensions.
"""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.emulator.ministack.port import functions
from rehearsal.emulator.ministack.port.cloudwatch import record_metric
from rehearsal.emulator.ministack.port.function_records import ExecutionOutcome, FunctionConfig

Dimensions = dict[str, str]

NAMESPACE = "AWS/Lambda"


def record_invocation(config: FunctionConfig, qualifier: str, result: ExecutionOutcome, *, milliseconds: float) -> None:
    """Publish the metrics of one invocation. qualifier: the invoked alias or version; empty for neither.

    A throttled request does not count as an invocation, only as a throttle.
    """
    duration = float(result.get("duration_ms", milliseconds))
    points = list(_points(result, duration))

    def record() -> None:
        for dimensions in dimension_sets(config, qualifier):
            for name, value, unit in points:
                record_metric(NAMESPACE, name, value, unit, dimensions)

    functions.in_function_scope(config, record)


def dimension_sets(config: FunctionConfig, qualifier: str) -> list[Dimensions]:
    """Return the combinations of dimensions of an invocation, which are listed in that page's section "Dimensions"."""
    name = str(config["FunctionName"])
    function = {"FunctionName": name}
    resource = {**function, "Resource": f"{name}:{qualifier}" if qualifier else name}
    alias = qualifier and not qualifier.isdigit() and qualifier != "$LATEST"
    executed = [{**resource, "ExecutedVersion": str(config.get("Version", "$LATEST"))}] if alias else []
    return [{}, function, resource, *executed]


def _points(result: ExecutionOutcome, duration: float) -> Iterator[tuple[str, float, str]]:
    if result.get("throttle"):
        yield "Throttles", 1, "Count"
        return
    yield "Invocations", 1, "Count"
    yield "Errors", 1 if result.get("error") else 0, "Count"
    yield "Throttles", 0, "Count"
    yield "Duration", duration, "Milliseconds"
