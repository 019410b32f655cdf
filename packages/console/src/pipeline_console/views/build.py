"""A build as its action shows it: phases, and the reports of its tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_codebuild.type_defs import BuildTypeDef, ReportTypeDef, TestCaseTypeDef


@dataclass(frozen=True)
class Phase:
    """A phase of a build. message: why it failed."""

    name: str
    status: str
    seconds: float | None
    message: str


@dataclass(frozen=True)
class TestCase:
    """A test of a report that did not succeed."""

    name: str
    status: str
    message: str


@dataclass(frozen=True)
class TestReport:
    """A report: how many tests ended in which way, and those that did not succeed."""

    name: str
    status: str
    counts: tuple[tuple[str, int], ...]
    failed: tuple[TestCase, ...]


def phases(build: BuildTypeDef) -> list[Phase]:
    """Return the phases of a build, in their order."""
    return [
        Phase(
            phase.get("phaseType", ""),
            phase.get("phaseStatus", ""),
            phase.get("durationInSeconds"),
            " ".join(context.get("message", "") for context in phase.get("contexts", ())).strip(),
        )
        for phase in build.get("phases", ())
    ]


def waiting_seconds(build: BuildTypeDef) -> float:
    """Return how long a build waited in CodeBuild's queue."""
    waiting_phases = ("SUBMITTED", "QUEUED", "PROVISIONING")
    waited = [phase for phase in build.get("phases", ()) if phase.get("phaseType") in waiting_phases]
    return float(sum(phase.get("durationInSeconds", 0) for phase in waited))


def report(answer: ReportTypeDef, cases: Iterable[TestCaseTypeDef]) -> TestReport:
    """Read a report of BatchGetReports, and the test cases of DescribeTestCases."""
    counts = answer.get("testSummary", {}).get("statusCounts", {})
    failed = [
        TestCase(case.get("name", ""), case.get("status", ""), case.get("message", ""))
        for case in cases
        if case.get("status") not in ("SUCCEEDED", "SKIPPED")
    ]
    return TestReport(answer.get("name", ""), answer.get("status", ""), tuple(sorted(counts.items())), tuple(failed))
