"""`AWS::CodeStarNotifications::NotificationRule`: notices of pipelines, delivered to SNS topics by EventBridge rules.

Sources: Developer Tools console user guide, "Notification concepts" (events for notification rules on pipelines) and
"Understand notification contents and security"; CloudFormation user guide,
"AWS::CodeStarNotifications::NotificationRule".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypedDict

from rehearsal.emulator.cloudformation.resource_record import ResourceRecord
from rehearsal.emulator.ministack.port import cloudformation
from rehearsal.emulator.ministack.port.cloudformation import ProvisionedResource
from rehearsal.emulator.ministack.port.requests import get_account_id, get_region

TYPE = "AWS::CodeStarNotifications::NotificationRule"
_PREFIX = "codepipeline-pipeline-"
_LEVELS = {"pipeline-execution": "Pipeline", "stage-execution": "Stage", "action-execution": "Action"}
_APPROVAL = "manual-approval"
_APPROVAL_STATES = {"needed": "STARTED", "succeeded": "SUCCEEDED", "failed": "FAILED"}
_MESSAGE = {
    "account": "<account>",
    "detailType": "<type>",
    "region": "<region>",
    "source": "<source>",
    "time": "<time>",
    "detail": "<detail>",
    "resources": "<resources>",
}
_PATHS = {
    "account": "$.account",
    "type": "$.detail-type",
    "region": "$.region",
    "source": "$.source",
    "time": "$.time",
    "detail": "$.detail",
    "resources": "$.resources",
}


# What an event has to match.
type EventPattern = Mapping[str, EventPattern | Sequence[str]]


class NotificationTarget(TypedDict):
    TargetAddress: str
    TargetType: str


class Properties(TypedDict, total=False):
    """Properties of a notification rule."""

    EventTypeIds: Sequence[str]
    Name: str
    Resource: str
    Status: str
    Targets: Sequence[NotificationTarget]


class NotificationRules:
    """Creates an EventBridge rule per level of events (pipeline, stage, action, approval) of a notification rule.

    record: for notification rules of which a part is not delivered.
    """

    def __init__(self, record: ResourceRecord) -> None:
        self._record = record

    def register(self) -> None:
        """Register the type."""
        operations = (self._create, self._update, self._delete)
        handlers = cloudformation.resource_handlers(*operations, update_with_logical_id=True)
        cloudformation.register_resource_type(TYPE, handlers)

    def _create(self, logical_id: str, properties: Properties, stack: str) -> ProvisionedResource:
        name = str(properties.get("Name") or f"{stack}-{logical_id}")
        digest = hashlib.sha256(f"{get_account_id()}/{name}".encode()).hexdigest()[:40]
        arn = f"arn:aws:codestar-notifications:{get_region()}:{get_account_id()}:notificationrule/{digest}"
        self._put(arn, properties, logical_id, stack)
        return arn, {"Arn": arn}

    def _update(self, arn: str, _old: Properties, new: Properties, stack: str, logical_id: str) -> ProvisionedResource:
        self._delete(arn, {})
        self._put(arn, new, logical_id, stack)
        return arn, {"Arn": arn}

    def _put(self, arn: str, properties: Properties, logical_id: str, stack: str) -> None:
        topics = [target["TargetAddress"] for target in properties["Targets"] if target["TargetType"] == "SNS"]
        patterns = dict(event_patterns(properties["EventTypeIds"], str(properties["Resource"])))
        if len(topics) < len(properties["Targets"]) or not patterns:
            self._record.add(TYPE, logical_id, stack)
        for level, pattern in patterns.items():
            rule = {
                "Name": rule_name(arn, level),
                "EventPattern": pattern,
                "State": properties.get("Status", "ENABLED"),
                "Targets": [_target(number, topic, arn) for number, topic in enumerate(topics)],
            }
            cloudformation.create_resource("AWS::Events::Rule", logical_id, rule, stack)

    def _delete(self, arn: str, _properties: Properties) -> None:
        for level in (*_LEVELS.values(), "Approval"):
            cloudformation.delete_resource("AWS::Events::Rule", rule_name(arn, level), {})


def rule_name(arn: str, level: str) -> str:
    """Return the name of the EventBridge rule for one level of a notification rule."""
    return f"awscodestarnotifications-{arn.rpartition('/')[2][:24]}-{level}"


def event_patterns(ids: Iterable[str], pipeline: str) -> Iterator[tuple[str, EventPattern]]:
    """Yield (level, event pattern) for event type ids such as codepipeline-pipeline-stage-execution-failed.

    Ids of other services' events are ignored.
    """
    states: dict[str, list[str]] = {}
    for id_ in ids:
        kind, _, state = id_.removeprefix(_PREFIX).rpartition("-")
        if id_.startswith(_PREFIX):
            approval_state = _APPROVAL_STATES.get(state) if kind == _APPROVAL else None
            states.setdefault(kind, []).append(approval_state or state.upper())
    for kind, kind_states in states.items():
        if kind in _LEVELS:
            yield _LEVELS[kind], _pattern(_LEVELS[kind], pipeline, {"state": kind_states})
        elif kind == _APPROVAL:
            yield "Approval", _pattern("Action", pipeline, {"state": kind_states, "type": {"category": ["Approval"]}})


def _pattern(level: str, pipeline: str, detail: EventPattern) -> EventPattern:
    return {
        "source": ["aws.codepipeline"],
        "detail-type": [f"CodePipeline {level} Execution State Change"],
        "resources": [pipeline],
        "detail": detail,
    }


def _target(number: int, topic: str, arn: str) -> Mapping[str, object]:
    """The rule's target for a topic: it transforms the event into the form of a notice."""
    template = json.dumps({**_MESSAGE, "notificationRuleArn": arn, "additionalAttributes": {}})
    for name in ("detail", "resources"):
        template = template.replace(f'"<{name}>"', f"<{name}>")
    return {
        "Id": f"topic-{number}",
        "Arn": topic,
        "InputTransformer": {"InputPathsMap": _PATHS, "InputTemplate": template},
    }
