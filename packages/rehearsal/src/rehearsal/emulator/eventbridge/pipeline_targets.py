"""Pipelines as targets of EventBridge's rules, which MiniStack accepts and does not start.

Sources: AWS CodePipeline user guide, "Connect to an Amazon S3 source that uses EventBridge", "Start a pipeline with a
source revision override"; Amazon EventBridge user guide, "Use identity-based policies for EventBridge targets".
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping

from rehearsal.emulator.codepipeline.operations import CodePipelineApi
from rehearsal.emulator.codepipeline.request import ApiError
from rehearsal.emulator.iam.service_sessions import Sessions
from rehearsal.emulator.ministack.port import eventbridge
from rehearsal.emulator.ministack.port.eventbridge import Rule, Target
from rehearsal.engine.action_api import ActionError

log = logging.getLogger(__name__)

Invoke = Callable[..., None]
SERVICE = "events.amazonaws.com"


class PipelineTargets:
    """Starts the pipeline that a rule's target names, with the target's role; `start` raises what refuses it."""

    def __init__(self, api: CodePipelineApi, sessions: Sessions) -> None:
        self._api, self._sessions = api, sessions

    def start_or_invoke(self, invoke: Invoke) -> Invoke:
        """Return the replacement of the function that invokes the target of a rule: it starts pipelines.

        A start that is refused is in the log, because no caller waits for it.
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
        """The id of the execution; `view` is MiniStack's of the event.

        Raises ActionError where the target's role may not start it, ApiError where CodePipeline refuses, ValueError
        where the target's input is not a JSON object.
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
    """The revisions and variables that the target's input gives; an event as it comes gives none."""
    if target.get("InputTransformer"):
        text = eventbridge.transform_input(target["InputTransformer"], view)
    else:
        text = target.get("Input") or "{}"
    given = json.loads(text)
    if not isinstance(given, dict):
        raise ValueError(f"the target's input is no JSON object: {text}")
    return {key: given[key] for key in ("sourceRevisions", "variables") if key in given}
