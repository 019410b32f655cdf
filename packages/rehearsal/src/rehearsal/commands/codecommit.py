"""Pushes to CodeCommit: EventBridge gets an event, whose rule starts a pipeline that does not poll.

Sources: AWS CodePipeline user guide, "CodeCommit source actions and EventBridge"; AWS CodeCommit user guide,
"Monitoring CodeCommit events in Amazon EventBridge".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rehearsal.aws import root
from rehearsal.deploy.deployment import Deployment
from rehearsal.engine.model.definition import Action, PipelineKey
from rehearsal.engine.model.triggers import Push

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient
    from types_boto3_events.type_defs import DescribeRuleResponseTypeDef


def push_event(key: PipelineKey, action: Action, push: Push, before: str, after: str) -> Mapping[str, object]:
    """Return CodeCommit's event of a push. before, after: commit ids; zeros where there was none."""
    name = action.configuration["RepositoryName"]
    arn = f"arn:aws:codecommit:{key.region}:{key.account}:{name}"
    new = not before.strip("0")
    detail = {
        "event": "referenceCreated" if new else "referenceUpdated",
        "repositoryName": name,
        "repositoryId": name,
        "referenceType": "tag" if push.tag else "branch",
        "referenceName": push.tag or push.branch,
        "referenceFullName": f"refs/tags/{push.tag}" if push.tag else f"refs/heads/{push.branch}",
        "commitId": after,
        "callerUserArn": f"arn:aws:iam::{key.account}:root",
    }
    if not new:
        detail["oldCommitId"] = before
    return {
        "version": "0",
        "id": after,
        "source": "aws.codecommit",
        "detail-type": "CodeCommit Repository State Change",
        "account": key.account,
        "time": "2000-01-01T00:00:00Z",
        "region": key.region,
        "resources": [arn],
        "detail": detail,
    }


def missing_rule(deployed: Deployment, event: Mapping[str, object]) -> str | None:
    """Return why no rule starts the pipeline for the event; None where a rule with that target matches it."""
    key = deployed.key
    api = deployed.endpoint.client("events", root(key.account), key.region)
    names = api.list_rule_names_by_target(TargetArn=key.arn)["RuleNames"]
    if not names:
        return f"it does not poll, and no rule of EventBridge has {key.name} as its target"
    if any(_matches_rule(api, api.describe_rule(Name=name), event) for name in names):
        return None
    return f"it does not poll, and no rule takes the push ({', '.join(names)})"


def _matches_rule(api: EventBridgeClient, rule: DescribeRuleResponseTypeDef, event: Mapping[str, object]) -> bool:
    pattern = rule.get("EventPattern")
    if not pattern or rule["State"] != "ENABLED":
        return False
    return bool(api.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"])
