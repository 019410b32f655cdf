"""The build details of an action."""

from __future__ import annotations

from tests.builds import Builds
from tests.conftest import Console
from tests.fake_aws import FakeAws, Json, Refused
from tests.pipelines import Pipeline, red

ARN = "arn:aws:codebuild:eu-west-1:111111111111:report/unit:1"


def reports(_: Json) -> Json:
    """Return one report with a failed test."""
    counts = {"FAILED": 1, "ERROR": 1, "SUCCEEDED": 41}
    summary = {"total": 43, "statusCounts": counts, "durationInNanoSeconds": 1}
    return {"reports": [{"arn": ARN, "type": "TEST", "name": "unit", "status": "FAILED", "testSummary": summary}]}


def test_failed_tests_come_first(aws: FakeAws, console: Console) -> None:
    """Failed tests with their messages precede the phases of the build."""
    execution = red()
    Pipeline(execution).serve(aws)
    builds = Builds(aws)
    builds.add("synth:2", [])
    builds.more["synth:2"] = {"reportArns": [ARN]}
    cases = {
        "FAILED": {"reportArn": ARN, "name": "test_price", "status": "FAILED", "message": "1 != 2"},
        "ERROR": {"reportArn": ARN, "name": "test_tax", "status": "ERROR", "message": "no route"},
    }
    aws.operations |= {
        "codebuild:BatchGetReports": reports,
        "codebuild:DescribeTestCases": lambda given: {"testCases": [cases[given["filter"]["status"]]]},
    }
    page = console.get(f"/executions/{execution.id}/actions/{execution.runs[1].id}/build").text
    assert "1 error, 1 failed, 41 succeeded" in page
    assert page.index("test_price") < page.index("test_tax") < page.index("BUILD")
    assert page.index("1 != 2") < page.index("BUILD")


def test_reports_that_may_not_be_read_leave_the_phases(aws: FakeAws, console: Console) -> None:
    """Without the permission for reports the phases are shown, and the permission is named."""
    execution = red()
    Pipeline(execution).serve(aws)
    builds = Builds(aws)
    builds.add("synth:2", [])
    builds.more["synth:2"] = {"reportArns": [ARN]}
    aws.refusals["codebuild:BatchGetReports"] = Refused("AccessDeniedException", "denied")
    page = console.get(f"/executions/{execution.id}/actions/{execution.runs[1].id}/build").text
    assert "Missing permission: <code>codebuild:BatchGetReports</code>" in page
    assert "BUILD" in page
