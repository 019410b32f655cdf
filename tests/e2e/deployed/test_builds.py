"""The builds of a whole rehearsal in CodeBuild's API and CloudWatch Logs."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Ran
from tests.e2e.deployed.conftest import Deployed

pytestmark = pytest.mark.e2e


def test_every_build_is_in_the_api_and_its_log_in_the_projects_group(deployed: Deployed, first: Ran) -> None:
    """Each build of the run has a record in the API, and a log stream in the stack's log group."""
    provider = [
        action for stage in first.result["stages"] for action in stage["actions"] if "CodeBuild" in action["provider"]
    ]
    codebuild, logs = deployed.client("codebuild", "pipeline"), deployed.client("logs", "pipeline")
    builds = codebuild.batch_get_builds(ids=codebuild.list_builds()["ids"])["builds"]
    assert len(builds) >= len(provider) > 0
    for build in builds:
        where = {"logGroupName": build["logs"]["groupName"], "logStreamName": build["logs"]["streamName"]}
        events = logs.get_log_events(**where, startFromHead=True)["events"]
        assert "BuildLog" in where["logGroupName"]
        assert "Phase complete: DOWNLOAD_SOURCE State: SUCCEEDED" in "\n".join(event["message"] for event in events)
