"""Reads of CodeBuild's builds and of their logs in CloudWatch Logs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from pipeline_console.errors import Problem, ReadFailed
from pipeline_console.reads.client import Aws

if TYPE_CHECKING:
    from types_boto3_codebuild.type_defs import BuildTypeDef, ReportTypeDef, TestCaseTypeDef
    from types_boto3_logs.type_defs import GetLogEventsResponseTypeDef

# The first error is searched in this much of a log's end.
TAIL_PAGES = 12


def build(aws: Aws, id_: str, region: str = "") -> BuildTypeDef:
    """Return a build by its id. Raises ReadFailed, also where there is none of this id."""
    builds = aws.call("codebuild", "batch_get_builds", region=region, ids=[id_])["builds"]
    if not builds:
        raise ReadFailed(Problem("missing", "codebuild:BatchGetBuilds", f"CodeBuild has no build {id_}"))
    answer: BuildTypeDef = builds[0]
    return answer


def log_place(build: BuildTypeDef) -> tuple[str, str]:
    """Return the group and the stream of a build's log. Raises ReadFailed where it has none."""
    logs = build.get("logs", {})
    if not logs.get("groupName") or not logs.get("streamName"):
        reason = f"{build.get('id', 'the build')} has no log in CloudWatch Logs (yet)"
        raise ReadFailed(Problem("missing", "logs:GetLogEvents", reason))
    return logs["groupName"], logs["streamName"]


def log_page(
    aws: Aws, group: str, stream: str, token: str = "", region: str = "", *, head: bool = True
) -> GetLogEventsResponseTypeDef:
    """Return a page of events; `token` is that of the page before."""
    parameters = {"logGroupName": group, "logStreamName": stream, **({"nextToken": token} if token else {})}
    answer = aws.call("logs", "get_log_events", region=region, startFromHead=head, **parameters)
    return cast("GetLogEventsResponseTypeDef", answer)


def log_tail(aws: Aws, group: str, stream: str, region: str = "") -> Iterator[str]:
    """Yield the last lines of a log, in their order.

    Source: CloudWatch Logs API reference, "GetLogEvents": a page may be empty, and at the end the token stays the same.
    """
    pages: list[GetLogEventsResponseTypeDef] = []
    token = ""
    for _ in range(TAIL_PAGES):
        page = log_page(aws, group, stream, token, region, head=False)
        pages.insert(0, page)
        if page["nextBackwardToken"] == token:
            break
        token = page["nextBackwardToken"]
    for page in pages:
        for event in page["events"]:
            yield from lines(event["message"])


def lines(message: str) -> list[str]:
    """Return the lines of an event: CodeBuild ends each with a line break, and one event may hold several."""
    return message.rstrip("\r\n").split("\n")


def reports(aws: Aws, build: BuildTypeDef, region: str = "") -> list[tuple[ReportTypeDef, list[TestCaseTypeDef]]]:
    """Return the reports of a build, each with its failed test cases."""
    arns = build.get("reportArns", [])
    if not arns:
        return []
    answers = aws.call("codebuild", "batch_get_reports", region=region, reportArns=arns[:100])["reports"]
    return [(report, [*_failed_cases(aws, report, region)]) for report in answers]


def _failed_cases(aws: Aws, report: ReportTypeDef, region: str) -> Iterator[TestCaseTypeDef]:
    """Yield the first hundred cases of each status that is red. Source: CodeBuild API reference, "TestCaseFilter"."""
    counts = report.get("testSummary", {}).get("statusCounts", {})
    for status in ("FAILED", "ERROR"):
        if counts.get(status):
            answer = aws.call(
                "codebuild",
                "describe_test_cases",
                region=region,
                reportArn=report["arn"],
                filter={"status": status},
                maxResults=100,
            )
            yield from answer["testCases"]
