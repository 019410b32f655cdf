"""Test reports in the CodeBuild API, validated by AWS's model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, StructureShape
from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import codebuild

from rehearsal.emulator.server.api_error import ApiError
from tests.codebuild.case import spec
from tests.codebuild.conftest import ACCOUNT, REGION, Account

Json = dict[str, Any]
JUNIT = """<testsuites><testsuite name="prices">
<testcase classname="tests.prices" name="test_tax" time="1.5"/>
<testcase classname="tests.prices" name="test_round" time="0.5"><failure message="1 != 2">at line 3</failure></testcase>
<testcase classname="tests.prices" name="test_net"><error>OSError: no route</error></testcase>
<testcase name="test_later"><skipped/></testcase>
</testsuite></testsuites>"""


@pytest.fixture
def arns(account: Account) -> Iterator[list[str]]:
    """The reports of a build: of a group named in the buildspec, of a group with an ARN, and an empty one."""
    set_request_account_id(ACCOUNT)
    set_request_region(REGION)
    codebuild._builds.clear()
    shared = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:report-group/shared"
    reports = {
        "unit": {"files": ["junit.xml"]},
        shared: {"files": ["junit.xml"]},
        "none": {"files": ["absent.xml"]},
    }
    name = account.project(spec("true", reports=reports))
    account.run({"ProjectName": name}, {"In": account.source("In", **{"junit.xml": JUNIT})})
    (build,) = codebuild._builds.values()
    yield build["reportArns"]
    codebuild._builds.clear()


def call(account: Account, operation: str, **request: Any) -> Json:
    """Return the response of an operation; assert that AWS's model has each of its members."""
    answer = account.builds.reports.call(operation, request, ACCOUNT, REGION)
    shape = botocore.session.get_session().get_service_model("codebuild").operation_model(operation).output_shape
    assert isinstance(shape, StructureShape)
    for member, items in answer.items():
        listed = shape.members[member]
        if isinstance(listed, ListShape) and isinstance(listed.member, StructureShape):
            assert all(not value.keys() - listed.member.members.keys() for value in items)
    return json.loads(json.dumps(answer))  # type: ignore[no-any-return]


def test_a_report_has_its_group_its_counts_and_its_duration(account: Account, arns: list[str]) -> None:
    """A report has a group, counts and a duration; the name of a buildspec's group starts with the project's name."""
    unit, shared, none = call(account, "BatchGetReports", reportArns=arns)["reports"]
    project = unit["reportGroupArn"].partition("/")[2].removesuffix("-unit")
    assert unit["arn"].startswith(f"arn:aws:codebuild:{REGION}:{ACCOUNT}:report/{project}-unit:")
    assert unit["executionId"].partition("/")[2].startswith(f"{project}:")
    assert shared["reportGroupArn"].endswith("report-group/shared")
    assert [report["status"] for report in (unit, shared, none)] == ["FAILED", "FAILED", "INCOMPLETE"]
    assert unit["testSummary"] == {
        "total": 4,
        "statusCounts": {"SUCCEEDED": 1, "FAILED": 1, "ERROR": 1, "SKIPPED": 1, "UNKNOWN": 0},
        "durationInNanoSeconds": 2_000_000_000,
    }


def test_test_cases_are_filtered_and_come_in_pages(account: Account, arns: list[str]) -> None:
    """DescribeTestCases filters by status, and by a keyword in name or prefix."""
    (failed,) = call(account, "DescribeTestCases", reportArn=arns[0], filter={"status": "FAILED"})["testCases"]
    assert (failed["name"], failed["prefix"], failed["message"]) == ("test_round", "tests.prices", "1 != 2")
    assert (failed["testSuiteName"], failed["testRawDataPath"]) == ("prices", "junit.xml")
    (broken,) = call(account, "DescribeTestCases", reportArn=arns[0], filter={"status": "ERROR"})["testCases"]
    assert broken["message"] == "OSError: no route"
    named = call(account, "DescribeTestCases", reportArn=arns[0], filter={"keyword": "prices"})["testCases"]
    assert len(named) == 3
    first = call(account, "DescribeTestCases", reportArn=arns[0], maxResults=3)
    rest = call(account, "DescribeTestCases", reportArn=arns[0], maxResults=3, nextToken=first["nextToken"])
    assert (len(first["testCases"]), len(rest["testCases"]), "nextToken" in rest) == (3, 1, False)


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("BatchGetReports", {"reportArns": []}, "InvalidInputException"),
        ("DescribeTestCases", {"reportArn": "arn"}, "ResourceNotFoundException"),
        ("DescribeTestCases", {"reportArn": "arn", "filter": {"status": "RED"}}, "InvalidInputException"),
    ],
    ids=str,
)
def test_wrong_requests_have_awss_code(account: Account, operation: str, request_: Json, code: str) -> None:
    """A wrong request has AWS's error code; BatchGetReports lists an unknown report as not found."""
    with pytest.raises(ApiError) as refused:
        account.builds.reports.call(operation, request_, ACCOUNT, REGION)
    assert refused.value.code == code
    unknown = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:report/x:../../secret"
    assert call(account, "BatchGetReports", reportArns=[unknown]) == {"reports": [], "reportsNotFound": [unknown]}


def test_another_account_does_not_see_a_report(account: Account, arns: list[str]) -> None:
    """A report is visible only in its account and region."""
    for place in (("222222222222", REGION), (ACCOUNT, "us-east-1")):
        assert account.builds.reports.call("BatchGetReports", {"reportArns": arns}, *place)["reports"] == []


def test_policies_are_evaluated_on_the_groups_of_a_request(account: Account) -> None:
    """Policies are evaluated once for each report group of a request."""
    place = f"arn:aws:codebuild:{REGION}:{ACCOUNT}"
    arns = [f"{place}:report/a:1", f"{place}:report/b:2", f"{place}:report/a:3"]
    groups = [f"{place}:report-group/a", f"{place}:report-group/b"]
    assert account.builds.reports.resources({"reportArns": arns}, ACCOUNT, REGION) == groups
    assert account.builds.reports.resources({"reportArn": arns[0]}, ACCOUNT, REGION) == groups[:1]
