"""MiniStack's faults in CodeBuild, reproduced without the correction."""

from __future__ import annotations

from ministack.services import codebuild
from ministack.services.cloudformation import provisioners


def test_projects_keep_their_log_group_and_cache() -> None:
    """The fault: CloudFormation's project lacks LogsConfig, Cache and the queued timeout."""
    properties = {
        "LogsConfig": {"CloudWatchLogs": {"Status": "DISABLED"}},
        "Cache": {"Type": "LOCAL"},
        "QueuedTimeoutInMinutes": 5,
    }
    name, _ = provisioners._codebuild_project_create("Project", properties, "stack")
    try:
        assert not {"logsConfig", "cache", "queuedTimeoutInMinutes"} & codebuild._projects[name].keys()
    finally:
        provisioners._codebuild_project_delete(name, {})
