"""Calls of prod's alias while traffic shifts, and the result of the shift."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from tests.e2e.conftest import Ran
from tests.e2e.deployed.conftest import Deployed
from tests.root import ROOT

# Without the digits of the account: a commit that names one may add an environment, and is synthesized before the push.
IN_PROD = '":" + "3" * 12 + ":" in context.invoked_function_arn'
# The line of the handler before which a fault is planted.
HANDLED = "    with processor(event"
# Seconds between calls while traffic shifts, and between looks at whether it does: more would take a processor from the
# builds.
PAUSE, LOOK = 0.03, 0.5
EVENT = (ROOT / "tests" / "events" / "sqs.json").read_bytes()


def echo(project: Deployed) -> str:
    """Return the name of the function in prod."""
    (name,) = (name for name in project.holds("prod") if "EchoFunction" in name)
    return name


def live(project: Deployed) -> tuple[str, Any]:
    """Return the version of the alias, and the weights of other versions."""
    alias = project.client("lambda", "prod").get_alias(FunctionName=echo(project), Name="live")
    return alias["FunctionVersion"], alias.get("RoutingConfig")


def deployment_ids(api: Any, *statuses: str) -> list[str]:
    """Return the ids of CodeDeploy's deployments that have one of these statuses, or of all."""
    pages = api.get_paginator("list_deployments").paginate(includeOnlyStatuses=list(statuses))
    return [id_ for page in pages for id_ in page["deployments"]]


def deployments(project: Deployed) -> list[dict[str, Any]]:
    """Return the deployments of prod's CodeDeploy, newest first."""
    api = project.client("codedeploy", "prod")
    found = [api.get_deployment(deploymentId=id_)["deploymentInfo"] for id_ in deployment_ids(api)]
    return sorted(found, key=lambda info: info["createTime"], reverse=True)


def assert_rolled_back(project: Deployed, ran: Ran) -> None:
    """Assert that the execution failed, and that the pipeline's rollback succeeded."""
    api = project.client("codepipeline", "pipeline")
    back, failed = api.list_pipeline_executions(pipelineName="echo-delivery")["pipelineExecutionSummaries"][:2]
    assert (failed["pipelineExecutionId"], failed["status"]) == (ran.result["execution_id"], "Failed")
    assert (back["trigger"]["triggerType"], back["status"]) == ("AutomatedRollback", "Succeeded")


@contextmanager
def calls(project: Deployed, event: bytes = EVENT, *, after_shift: bool = False) -> Iterator[list[str]]:
    """Call prod's alias five times a second, and as often as PAUSE allows while traffic shifts.

    Yields the growing list of versions that responded or failed. after_shift: no call before a new version has all of
    the traffic, and as often as PAUSE allows from then on.
    """
    api, name, versions, ended = project.client("lambda", "prod"), echo(project), list[str](), threading.Event()
    deploy, continuous = project.client("codedeploy", "prod"), threading.Event()
    status = "Succeeded" if after_shift else "InProgress"
    before = len(deployment_ids(deploy, status))

    def watch() -> None:
        while not ended.wait(LOOK):
            if len(deployment_ids(deploy, status)) > before:
                continuous.set()
            elif not after_shift:
                continuous.clear()

    def call() -> None:
        while not ended.is_set():
            if continuous.wait(0.2) or not after_shift:
                answer = api.invoke(FunctionName=name, Qualifier="live", Payload=event)
                answer["Payload"].read()  # or the next call needs another connection
                versions.append(answer["ExecutedVersion"])
                ended.wait(PAUSE)

    with ThreadPoolExecutor() as threads:
        running = [threads.submit(watch), threads.submit(call)]
        try:
            yield versions
        finally:
            ended.set()
        for thread in running:
            thread.result()
