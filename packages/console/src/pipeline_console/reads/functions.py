"""Reads and calls of the functions that a pipeline deploys."""

from __future__ import annotations

import base64
import functools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pipeline_console.errors import Problem, ReadFailed
from pipeline_console.reads.client import Aws, Json, pages
from pipeline_console.views.functions import Alias, FunctionView, Place, alias, calls, total

if TYPE_CHECKING:
    from types_boto3_logs.type_defs import FilteredLogEventTypeDef

# What finds the reports of calls in a log, by its format.
REPORTS = {"JSON": '"platform.report"', "Text": '"REPORT RequestId"'}
HOURS, LOG_PAGES = 6, 3


def names(aws: Aws, place: Place) -> list[str]:
    """Return the names of a stack's functions. Raises ReadFailed."""
    call = functools.partial(aws.call, account=place.account, region=place.region)
    answers = pages(call, "cloudformation", "list_stack_resources", member="NextToken", StackName=place.stack)
    resources = [resource for answer in answers for resource in answer["StackResourceSummaries"]]
    functions = [resource for resource in resources if resource["ResourceType"] == "AWS::Lambda::Function"]
    return sorted(function["PhysicalResourceId"] for function in functions)


def read(aws: Aws, place: Place, name: str, problems: list[Problem]) -> FunctionView | None:
    """Return a function as far as it can be read; why the rest cannot is added to `problems`."""
    reader = _Reader(aws, place, name, problems)
    about = reader.call("lambda", "get_function_configuration", FunctionName=name)
    if about is None:
        return None
    versions = reader.call("lambda", "list_versions_by_function", FunctionName=name) or {"Versions": []}
    return FunctionView(
        place,
        name,
        about.get("Runtime", ""),
        about.get("LastModified", ""),
        tuple(version["Version"] for version in versions["Versions"]),
        reader.aliases() or (),
        tuple(calls(reader.reports({"LogGroup": f"/aws/lambda/{name}", **about.get("LoggingConfig", {})}))),
        reader.metric("Invocations"),
        reader.metric("Errors"),
    )


def aliases(aws: Aws, place: Place, name: str, problems: list[Problem]) -> tuple[Alias, ...] | None:
    """Return the aliases of a function; None where they cannot be read, which is added to `problems`."""
    return _Reader(aws, place, name, problems).aliases()


def invoke(aws: Aws, place: tuple[str, str], name: str, qualifier: str, event: str) -> Json:
    """Invoke a function of an account and region; return its answer, and the end of its log. Raises ReadFailed."""
    parameters = {"FunctionName": name, "Payload": event.encode(), "LogType": "Tail"}
    if qualifier:
        parameters["Qualifier"] = qualifier
    answer = aws.call("lambda", "invoke", account=place[0], region=place[1], **parameters)
    return {
        "error": answer.get("FunctionError", ""),
        "version": answer.get("ExecutedVersion", ""),
        "payload": answer["Payload"].read().decode(errors="replace"),
        "log": base64.b64decode(answer.get("LogResult", "")).decode(errors="replace"),
    }


class _Reader:
    def __init__(self, aws: Aws, place: Place, name: str, problems: list[Problem]) -> None:
        self._aws, self._place, self._name, self._problems = aws, place, name, problems

    def call(self, service: str, operation: str, **parameters: object) -> Json | None:
        place = self._place
        try:
            return self._aws.call(service, operation, account=place.account, region=place.region, **parameters)
        except ReadFailed as failed:
            if failed.problem not in self._problems:
                self._problems.append(failed.problem)
            return None

    def aliases(self) -> tuple[Alias, ...] | None:
        answer = self.call("lambda", "list_aliases", FunctionName=self._name)
        return tuple(alias(configuration) for configuration in answer["Aliases"]) if answer else None

    def metric(self, name: str) -> int | None:
        now = datetime.now(UTC)
        answer = self.call(
            "cloudwatch",
            "get_metric_statistics",
            Namespace="AWS/Lambda",
            MetricName=name,
            Dimensions=[{"Name": "FunctionName", "Value": self._name}],
            StartTime=now - timedelta(days=1),
            EndTime=now,
            Period=3600,
            Statistics=["Sum"],
        )
        return total(answer["Datapoints"]) if answer else None

    def reports(self, logging: Json) -> Iterator[FilteredLogEventTypeDef]:
        token: dict[str, object] = {}
        since = int((datetime.now(UTC) - timedelta(hours=HOURS)).timestamp() * 1000)
        pattern = REPORTS[logging.get("LogFormat", "Text")]
        parameters = {"logGroupName": logging["LogGroup"], "filterPattern": pattern, "startTime": since}
        for _ in range(LOG_PAGES):
            answer = self.call("logs", "filter_log_events", **parameters, **token)
            if answer is None:
                return
            yield from answer["events"]
            if "nextToken" not in answer:
                return
            token = {"nextToken": answer["nextToken"]}
