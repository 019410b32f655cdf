"""The record of a first deployment that failed."""

from __future__ import annotations

import time
from pathlib import Path

from rehearsal.deploy import failed_deployment
from rehearsal.project.cloud_assembly import Environment, Stack
from rehearsal.workspace.layout import Workspace
from tests.conftest import ACCOUNT, REGION, Embedded


def test_the_logs_of_functions_are_kept_with_the_error(embedded: Embedded, tmp_path: Path) -> None:
    """The log of a custom resource's function is saved with the error, because the embedded AWS of `run` then ends."""
    logs, name = embedded.client("logs"), embedded.name("custom")
    for group in (f"/aws/lambda/{name}", f"/aws/lambda/{name}-silent"):
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="stream")
    events = [{"timestamp": int(time.time() * 1000), "message": text} for text in ("START", "no such table\n")]
    logs.put_log_events(logGroupName=f"/aws/lambda/{name}", logStreamName="stream", logEvents=events)
    space = Workspace(tmp_path)
    text = failed_deployment.keep(space, embedded.endpoint, [Environment(ACCOUNT, REGION)], "cdk deploy failed")
    log = f".rehearsal/logs/failed-deployment/{ACCOUNT}-{REGION}-{name}.log"
    assert text.startswith("cdk deploy failed\nthe logs of its functions: ")
    assert (log in text, f"{name}-silent" in text) == (True, False)
    assert (tmp_path / log).read_text() == "START\nno such table\n"
    assert failed_deployment.read(space) == text


def test_the_next_deployment_forgets_the_failure(embedded: Embedded, tmp_path: Path) -> None:
    """A second failure replaces the first one, and `remove` deletes the record."""
    space = Workspace(tmp_path)
    for error in ("first", "second"):
        failed_deployment.keep(space, embedded.endpoint, [], error)
    assert failed_deployment.read(space) == "second"
    failed_deployment.remove(space)
    assert failed_deployment.read(space) == ""


def test_validation_errors_are_read_from_the_events(embedded: Embedded) -> None:
    """The stack's events have the validation errors that the CDK CLI only counts."""
    name, bucket = embedded.name("stack"), embedded.bucket()
    embedded.stack(name, {"Store": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": bucket}}})
    stack = Stack(name, name, ACCOUNT, REGION, Path("template.json"))
    (line,) = failed_deployment.validation_errors(embedded.endpoint, stack)
    assert line.startswith("Store: ")
    assert bucket in line
    missing = Stack("absent", "absent", ACCOUNT, REGION, Path("template.json"))
    assert failed_deployment.validation_errors(embedded.endpoint, missing) == []
