"""Test reports of builds, for BatchGetReports and DescribeTestCases.

Sources: AWS CodeBuild API reference, "Report", "TestCase", "BatchGetReports", "DescribeTestCases"; AWS CodeBuild user
guide, "Report group naming".
"""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from rehearsal.codebuild.model import Build, TestCase, TestReport
from rehearsal.emulator.api_message import ApiMessage
from rehearsal.emulator.server.api_error import ApiError
from rehearsal.host.atomic_write import write_json
from rehearsal.json_values import text

TARGET, OPERATIONS = "CodeBuild_20161006.", ("BatchGetReports", "DescribeTestCases")
FOLDER = "test-reports"  # in the folder of the embedded AWS's state
STATUSES = ("SUCCEEDED", "FAILED", "ERROR", "SKIPPED", "UNKNOWN")
MOST_ARNS, PAGE = 100, 100


class ReportStore:
    """Stores a file per report, with its test cases; the files are part of the embedded AWS's state."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, build: Build, report: TestReport) -> str:
        """Store a report; return its ARN."""
        prefix = f"arn:aws:codebuild:{build.region}:{build.account}"
        group_arn = report.group_arn or f"{prefix}:report-group/{build.project}-{report.group}"
        group, id_ = group_arn.partition("/")[2], str(uuid.uuid4())
        arn = f"{prefix}:report/{group}:{id_}"
        self._folder.mkdir(parents=True, exist_ok=True)
        cases = [_case(arn, case) for case in report.cases]
        write_json(self._folder / f"{id_}.json", {"report": _report(arn, group_arn, build, report), "cases": cases})
        return arn

    def call(self, operation: str, request: ApiMessage, account: str, region: str) -> ApiMessage:
        """Answer an operation of the API. Raises ApiError."""
        prefix = f"arn:aws:codebuild:{region}:{account}:report/"
        if operation == "BatchGetReports":
            return self._batch_get(request, prefix)
        return self._describe(request, prefix)

    def resources(self, request: ApiMessage, account: str, region: str) -> list[str]:
        """Return the report groups that policies are evaluated on.

        Source: service authorization reference, "Actions, resources, and condition keys for AWS CodeBuild".
        """
        arns = request.get("reportArns") or [request.get("reportArn", "")]
        groups = sorted({str(arn).partition(":report/")[2].rpartition(":")[0] for arn in arns})
        return [f"arn:aws:codebuild:{region}:{account}:report-group/{group}" for group in groups]

    def _batch_get(self, request: ApiMessage, prefix: str) -> ApiMessage:
        arns = request.get("reportArns") or []
        if not 1 <= len(arns) <= MOST_ARNS:
            raise ApiError("InvalidInputException", f"reportArns: got {len(arns)}; 1 to {MOST_ARNS} are allowed")
        records = {arn: self._read(arn, prefix) for arn in arns}
        return {
            "reports": [stored["report"] for stored in records.values() if stored],
            "reportsNotFound": [arn for arn, stored in records.items() if not stored],
        }

    def _describe(self, request: ApiMessage, prefix: str) -> ApiMessage:
        arn, filters = str(request.get("reportArn", "")), request.get("filter") or {}
        status = filters.get("status")
        if status is not None and status not in STATUSES:
            raise ApiError("InvalidInputException", f"status: got {status!r}; allowed are {', '.join(STATUSES)}")
        stored = self._read(arn, prefix)
        if not stored:
            raise ApiError("ResourceNotFoundException", f"Report not found: {arn}")
        cases = [case for case in stored["cases"] if _passes(case, filters)]
        first, most = _number(request.get("nextToken", "0")), min(int(request.get("maxResults", PAGE)), PAGE)
        more = {"nextToken": str(first + most)} if first + most < len(cases) else {}
        return {"testCases": cases[first : first + most], **more}

    def _read(self, arn: str, prefix: str) -> ApiMessage | None:
        name = arn.rpartition(":")[2]
        file = self._folder / f"{name}.json"
        if not arn.startswith(prefix) or not _is_uuid(name) or not file.exists():
            return None
        stored: ApiMessage = json.loads(file.read_text())
        return stored if stored["report"]["arn"] == arn else None


def _report(arn: str, group_arn: str, build: Build, report: TestReport) -> ApiMessage:
    counts = Counter[str](case.status for case in report.cases)
    return {
        "arn": arn,
        "type": "TEST",
        "name": arn.partition(":report/")[2],
        "reportGroupArn": group_arn,
        "executionId": build.arn,
        "status": report.status,
        "created": time.time(),
        "truncated": False,
        "exportConfig": {"exportConfigType": "NO_EXPORT"},
        "testSummary": {
            "total": len(report.cases),
            "statusCounts": {status: counts[status] for status in STATUSES},
            "durationInNanoSeconds": sum(round(case.seconds * 1e9) for case in report.cases),
        },
    }


def _case(arn: str, case: TestCase) -> ApiMessage:
    return {
        "reportArn": arn,
        "testRawDataPath": case.file,
        "prefix": case.prefix,
        "testSuiteName": case.suite,
        "name": case.name,
        "status": case.status,
        "durationInNanoSeconds": round(case.seconds * 1e9),
        "message": case.message,
    }


def _passes(case: Mapping[str, object], filters: Mapping[str, object]) -> bool:
    keyword = text(filters, "keyword")
    is_named = keyword in text(case, "name") or keyword in text(case, "prefix")
    return is_named and filters.get("status") in (None, case["status"])


def _number(token: object) -> int:
    if not str(token).isdecimal():
        raise ApiError("InvalidInputException", f"nextToken: got {token!r}, which was never returned")
    return int(str(token))


def _is_uuid(value: str) -> bool:
    try:
        return str(uuid.UUID(value)) == value
    except ValueError:
        return False
