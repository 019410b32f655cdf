"""Approval/Manual: publish a notice, and wait for the answer.

Source: AWS CodePipeline user guide, "Manage approval actions in pipelines" and "JSON data format for manual approval
notifications in CodePipeline".
"""

from __future__ import annotations

import datetime as dt
import json
import time
from contextlib import AbstractContextManager, nullcontext

from botocore.exceptions import BotoCoreError, ClientError

from rehearsal.engine.action_api import ActionError, Outcome, PendingApproval, Task
from rehearsal.workspace.clock import Clock

CONSOLE = "https://console.aws.amazon.com/codepipeline/home"


class AwaitApproval:
    """Publishes to the SNS topic of the action, and waits until PutApprovalResult answers or the action has to end.

    clock: its date decides when the approval expires; without one, only machine time does.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock

    def run(self, task: Task) -> Outcome:
        topic = task.action.configuration.get("NotificationArn")
        if topic:
            _notify(task, topic)
        task.approval.request(task.action.configuration.get("CustomData", ""))
        with self._expiry(task.approval):
            answer = task.approval.answer()
        if answer is None:
            return Outcome(failed=True, summary="no answer")
        verb = "approved" if answer.approved else "rejected"
        return Outcome(not answer.approved, f"{verb}: {answer.summary}" if answer.summary else verb)

    def _expiry(self, approval: PendingApproval) -> AbstractContextManager[None]:
        """Expire the approval when a jump of the clock makes it older than its limit."""
        clock, began = self._clock, time.time()
        if clock is None:
            return nullcontext()

        def expire_if_old() -> None:
            if clock.age(began) >= approval.limit:
                approval.expire()

        return clock.changes.calls(expire_if_old)


def _notify(task: Task, topic: str) -> None:
    region = topic.split(":")[3] if topic.count(":") >= 5 else task.region
    sns = task.endpoint.client("sns", task.credentials(), region)
    subject = f"APPROVAL NEEDED: AWS CodePipeline {task.pipeline.name} for action {task.action.name}"
    try:
        sns.publish(TopicArn=topic, Subject=subject[:100], Message=json.dumps(_notice(task)))
    except (ClientError, BotoCoreError) as error:
        raise ActionError(f"{task.where}: cannot publish to {topic}: {error}", "PermissionError") from error


def _notice(task: Task) -> dict[str, object]:
    settings, name = task.action.configuration, task.pipeline.name
    expires = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=task.approval.limit)
    view = f"{CONSOLE}?region={task.pipeline.region}#/view/{name}"
    approval = {
        "pipelineName": name,
        "stageName": task.stage,
        "actionName": task.action.name,
        "token": task.approval.token,
        "expires": expires.strftime("%Y-%m-%dT%H:%MZ"),
        "externalEntityLink": settings.get("ExternalEntityLink"),
        "approvalReviewLink": f"{view}/{task.stage}/{task.action.name}/approve/{task.approval.token}",
        "customData": settings.get("CustomData"),
    }
    return {"region": task.pipeline.region, "consoleLink": view, "approval": approval}
