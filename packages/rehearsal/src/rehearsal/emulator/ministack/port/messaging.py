"""Queues of SQS and topics of SNS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.services import sns, sqs


def queue_attributes(account: str, region: str, name: str) -> Mapping[str, Any]:
    """Return the attributes of a queue; empty if there is none."""
    queue = sqs._queues.get_scoped(account, region, sqs._queue_url_for_account(account, name)) or {}
    attributes: Mapping[str, Any] = queue.get("attributes", {})
    return attributes


def topic_attributes(account: str, region: str, arn: str) -> Mapping[str, Any]:
    """Return the attributes of a topic; empty if there is none."""
    attributes: Mapping[str, Any] = (sns._topics.get_scoped(account, region, arn) or {}).get("attributes", {})
    return attributes
