"""Pipelines as targets of EventBridge rules: MiniStack accepts them, but does not start them.

Sources: AWS CodePipeline user guide, "Connect to an Amazon S3 source that uses EventBridge", "Start a pipeline with a
source revision override"; Amazon EventBridge user guide, "Use identity-based policies for EventBridge targets".
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping

from rehearsal.emulator.codepipeline.operations import CodePipelineApi
from rehearsal.emulator.iam.service_sessions import Sessions
from rehearsal.emulator.ministack.port import eventbridge
from rehearsal.emulator.ministack.port.eventbridge import Rule, Target
from rehearsal.emulator.server.api_error import ApiError
from rehearsal.engine.action_api import ActionError

log = logging.getLogger(__name__)

Invoke = Callable[..., None]
SERVICE = "events.amazonaws.com"


class PipelineTargets:
    """Starts the pipeline of a rule's target, with the target's role."""

    def __init__(self, api: CodePipelineApi, sessions: Sessions) -> None:
        self._api, self._sessions = api, sessions

    def start_or_invoke(self, invoke: Invoke) -> Invoke:
        """Return the replacement of the function that invokes a rule's target; it also starts pipelines.

        A refused start is logged, because no caller waits for it.
        """

        def start_pipeline_or_invoke(
            target: Target, event: Mapping[str, object], rule: Rule, view: object = None
        ) -> None:
            if target.get("Arn", "").split(":")[2:3] != ["codepipeline"]:
                invoke(target, event, rule, view)
                return
            try:
                self.start(target, rule["Arn"], view or eventbridge.event_envelope(event))
            except (ActionError, ApiError, ValueError, KeyError) as error:
                log.warning("rule %s did not start %s: %s", rule.get("Name"), target["Arn"], error)

        return start_pipeline_or_invoke

    def start(self, target: Target, rule_arn: str, view: object) -> str:
        """Start the target's pipeline, and return the execution's id. view: the event in MiniStack's form.

        Raises ActionError where the target's role lacks the permission, ApiError where CodePipeline refuses, and
        ValueError where the target's input is not a JSON object.
        """
        arn = target["Arn"]
        role = target.get("RoleArn")
        if not role:
            raise ActionError(f"the target {arn} has no RoleArn, without which EventBridge starts no pipeline")
        self._sessions.assume(role, SERVICE, "AWSEventBridge")
        self._sessions.require(role, "codepipeline:StartPipelineExecution", resource=arn)
        *_, region, account, name = arn.split(":")
        trigger = {"triggerType": "CloudWatchEvent", "triggerDetail": rule_arn}
        return self._api.start(name, account, region, trigger, **_start_overrides(target, view))


def _start_overrides(target: Target, view: object) -> dict[str, object]:
    """The sourceRevisions and variables in the target's input; none where the target has no input."""
    if target.get("InputTransformer"):
        text = eventbridge.transform_input(target["InputTransformer"], view)
    else:
        text = target.get("Input") or "{}"
    overrides = json.loads(text)
    if not isinstance(overrides, dict):
        raise ValueError(f"the target's input is not a JSON object: {text}")
    return {key: overrides[key] for key in ("sourceRevisions", "variables") if key in overrides}
