"""The function that checks a new version before and after it gets traffic, and chooses the pace of a shift.

The template holds this file as it is, so it imports only what the runtime brings.
Sources: AWS CodeDeploy user guide, "AppSpec 'hooks' section for an AWS Lambda deployment"; AWS CloudFormation user
guide, "Custom resource response objects".
"""

import json
import os
import urllib.request
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

ALL_AT_ONCE = "CodeDeployDefault.LambdaAllAtOnce"


def handler(event: Mapping[str, Any], _: object) -> None:
    """Answer CloudFormation with the pace, CodeDeploy with the result of the checks."""
    if "ResponseURL" in event:
        _answer(event, {"Config": pace(event)})
    else:
        _report(event)


def pace(event: Mapping[str, Any]) -> str:
    """Return the deployment configuration: all at once where an older release comes back."""
    wanted, before = event["ResourceProperties"], event.get("OldResourceProperties", {})
    back = int(wanted["Released"]) < int(before.get("Released", 0))
    return ALL_AT_ONCE if back else str(wanted["Config"])


def _answer(event: Mapping[str, Any], data: Mapping[str, str]) -> None:
    response = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    response |= {"Status": "SUCCESS", "PhysicalResourceId": "pace", "Data": data}
    url, body = event["ResponseURL"], json.dumps(response).encode()
    request = urllib.request.Request(url, data=body, method="PUT", headers={"content-type": ""})  # noqa: S310
    urllib.request.urlopen(request).close()  # noqa: S310 - the address is CloudFormation's


def _report(event: Mapping[str, Any]) -> None:
    """Send Succeeded or Failed: without an answer the deployment would wait for an hour."""
    deployment = event["DeploymentId"]
    try:
        failures = list(_failures(deployment))
    except Exception as error:  # noqa: BLE001 - whatever it is, CodeDeploy has to get an answer
        failures = [f"the check itself failed: {error!r}"]
    for failure in failures:
        print(f"{deployment}: {failure}")
    _client("codedeploy").put_lifecycle_event_hook_execution_status(
        deploymentId=deployment,
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status="Failed" if failures else "Succeeded",
    )


def _failures(deployment: str) -> Iterator[str]:
    """Call the new version once while it has no traffic; later the alias, often enough for its alarms to have data."""
    revision = _client("codedeploy").get_deployment(deploymentId=deployment)["deploymentInfo"]["revision"]
    spec = json.loads((revision.get("appSpecContent") or revision["string"])["content"])
    (resource,) = (value["Properties"] for entry in spec["Resources"] for value in entry.values())
    name, target = resource["Name"], resource["TargetVersion"]
    calls = _client("lambda")
    live = calls.get_alias(FunctionName=name, Name=resource["Alias"])["FunctionVersion"] == target
    qualifier, times = (resource["Alias"], int(os.environ["CALLS"])) if live else (target, 1)
    for check in json.loads(os.environ["CHECKS"]):
        for _ in range(times if check["function"] == name else 0):
            payload = json.dumps(check["event"])
            yield from _failure(calls.invoke(FunctionName=name, Qualifier=qualifier, Payload=payload), qualifier)


@cache
def _client(service: str) -> Any:
    # a call may take 15 minutes
    return boto3.client(service, config=Config(read_timeout=900, retries={"total_max_attempts": 1}))


def _failure(got: Mapping[str, Any], qualifier: str) -> Iterator[str]:
    """An error of the function, or records of a batch that it could not process."""
    payload = json.loads(got["Payload"].read() or "null")
    left = payload.get("batchItemFailures") if isinstance(payload, dict) else None
    if "FunctionError" in got or left:
        yield f"{qualifier} failed: {json.dumps(payload)[:500]}"
