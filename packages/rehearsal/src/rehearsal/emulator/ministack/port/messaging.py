"""Queues of SQS and topics of SNS."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ministack.services import sns, sqs

from rehearsal.emulator.ministack.port.requests import Answer


def queue_attributes(account: str, region: str, name: str) -> Mapping[str, str]:
    """Return the attributes of a queue; empty if there is none."""
    queue = sqs._queues.get_scoped(account, region, sqs._queue_url_for_account(account, name)) or {}
    attributes: Mapping[str, str] = queue.get("attributes", {})
    return attributes


def topic_attributes(account: str, region: str, arn: str) -> Mapping[str, str]:
    """Return the attributes of a topic; empty if there is none."""
    attributes: Mapping[str, str] = (sns._topics.get_scoped(account, region, arn) or {}).get("attributes", {})
    return attributes


def queue_error(code: str, message: str) -> Exception:
    """Return MiniStack's exception for an error of SQS."""
    error: Exception = sqs._Err(code, message)
    return error


def topic_error_answer(code: str, message: str, status: int) -> Answer:
    answer: Answer = sns._error(code, message, status)
    return answer


def topic_policy(params: Mapping[str, object]) -> str:
    """Return the policy in a request of CreateTopic or SetTopicAttributes; empty if it has none."""
    attributes = {sns._p(params, "AttributeName"): sns._p(params, "AttributeValue")}
    number = 1
    while name := sns._p(params, f"Attributes.entry.{number}.key"):
        attributes[name] = sns._p(params, f"Attributes.entry.{number}.value")
        number += 1
    return str(attributes.get("Policy") or "")


def rewrite_policies(rewrite: Callable[[str], str]) -> None:
    """Apply `rewrite` to the JSON text of the policy of every queue and topic, in all accounts."""
    for store in (sqs._queues, sns._topics):
        for record in store.to_dict().values():
            if policy := record["attributes"].get("Policy"):
                record["attributes"]["Policy"] = rewrite(policy)
