"""Faults of MiniStack about encryption: S3 and SQS use a key without asking whether their caller may.

The tests of the same names show each fault without its correction.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from ministack.core.iam_evaluator import EvalResult
from ministack.services import kms, s3, sqs
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.iam import checks
from rehearsal.emulator.iam.checks import Request

Made = tuple[str, dict[str, str]]

_BUCKET = "arn:aws:s3:::"
_NAMESPACE = f"{{{s3.S3_NS}}}"


def apply() -> None:
    buckets_keep_their_encryption()
    s3_asks_for_the_key()
    sqs_asks_for_the_key()


def buckets_keep_their_encryption() -> None:
    """CloudFormation drops BucketEncryption: nothing in a pipeline's bucket would be encrypted with its key."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    create, update = handlers["create"], handlers["update"]

    def keep(made: Made, properties: Mapping[str, Any]) -> Made:
        text = _encryption(properties)
        if text:
            s3._bucket_encryption[made[0]] = text
        return made

    def creates(logical_id: str, properties: Mapping[str, Any], stack: str) -> Made:
        return keep(create(logical_id, properties, stack), properties)

    def updates(name: str, old: Mapping[str, Any], new: Mapping[str, Any], stack: str) -> Made:
        return keep(update(name, old, new, stack), new)

    handlers |= {"create": creates, "update": updates}


def s3_asks_for_the_key() -> None:
    """Who reads an encrypted object needs kms:Decrypt, who writes one kms:GenerateDataKey."""

    def ask(request: Request) -> EvalResult | None:
        action = {"s3:PutObject": "kms:GenerateDataKey"}.get(request.action, "kms:Decrypt")
        reads = request.action in {"s3:GetObject", "s3:GetObjectVersion"}
        if not (reads or request.action == "s3:PutObject") or not request.resource.startswith(_BUCKET):
            return None
        bucket, _, key = request.resource.removeprefix(_BUCKET).partition("/")
        named = request.keys.get("s3:x-amz-server-side-encryption-aws-kms-key-id")
        return _denied(request, action, _object_key(bucket, key) if reads else named or _bucket_key(bucket), "s3")

    checks.after(ask)


def sqs_asks_for_the_key() -> None:
    """Who sends to an encrypted queue needs kms:GenerateDataKey and kms:Decrypt, who receives kms:Decrypt."""
    checks.after(queue_refuses)


def queue_refuses(request: Request) -> EvalResult | None:
    """What a queue's key says to a request to send or to receive; None where it allows it."""
    needed = {"sqs:SendMessage": ("kms:GenerateDataKey", "kms:Decrypt"), "sqs:ReceiveMessage": ("kms:Decrypt",)}
    for action in needed.get(request.action, ()):
        denied = _denied(request, action, _queue_key(request.resource), "sqs")
        if denied:
            return denied
    return None


def _denied(request: Request, action: str, key: str, service: str) -> EvalResult | None:
    """Ask the key's policy and the caller's about `action`; a key of AWS's own needs no permission."""
    record = _record(key, request.region)
    if record is None:
        return None
    via = {"kms:viaservice": f"{service}.{request.region}.amazonaws.com"}
    owner = record["Arn"].split(":")[4]
    return checks.denied(
        request, action, record["Arn"], keys=via, policy=record.get("Policy"), owner=owner, required=True
    )


def _record(key: str, region: str) -> dict[str, Any] | None:
    if not key.startswith("arn:aws:kms:"):
        return None
    account, region = key.split(":")[4], key.split(":")[3]
    found = kms._keys.get_scoped(account, region, key.rsplit("/", 1)[-1])
    return dict(found) if found else None


def _object_key(bucket: str, key: str) -> str:
    owner = s3._bucket_owner_account(bucket)
    found = (s3._buckets.get_scoped(owner, None, bucket) or {}) if owner else {}
    stored = s3._stored_sse_headers((found.get("objects") or {}).get(key) or {})
    return str(stored.get("x-amz-server-side-encryption-aws-kms-key-id", ""))


def _bucket_key(bucket: str) -> str:
    owner = s3._bucket_owner_account(bucket)
    text = s3._bucket_encryption.get_scoped(owner, None, bucket) if owner else None
    found = re.search(r"<KMSMasterKeyID>([^<]+)", text or "")
    return found[1] if found else ""


def _queue_key(arn: str) -> str:
    """The ARN of the key of the queue `arn`, from an id, an alias or an ARN."""
    _, _, _, region, account, name = arn.split(":", 5) if arn.count(":") == 5 else [""] * 6
    queue = sqs._queues.get_scoped(account, region, sqs._queue_url_for_account(account, name)) if name else None
    wanted = (queue or {}).get("attributes", {}).get("KmsMasterKeyId", "")
    return wanted if wanted.startswith("arn:aws:kms:") and ":key/" in wanted else ""


def _encryption(properties: Mapping[str, Any]) -> str:
    """The bucket's encryption as S3's API writes it; empty without a key of the account's own.

    MiniStack refuses to write with `aws:kms` and no key id, where AWS takes its own key: so CDK's bootstrap bucket.
    """
    rules = (properties.get("BucketEncryption") or {}).get("ServerSideEncryptionConfiguration") or []
    default = (rules[0].get("ServerSideEncryptionByDefault") or {}) if rules else {}
    key = default.get("KMSMasterKeyID")
    if not key:
        return ""
    ET.register_namespace("", s3.S3_NS)
    root = ET.Element(f"{_NAMESPACE}ServerSideEncryptionConfiguration")
    rule = ET.SubElement(root, f"{_NAMESPACE}Rule")
    by_default = ET.SubElement(rule, f"{_NAMESPACE}ApplyServerSideEncryptionByDefault")
    ET.SubElement(by_default, f"{_NAMESPACE}SSEAlgorithm").text = default["SSEAlgorithm"]
    ET.SubElement(by_default, f"{_NAMESPACE}KMSMasterKeyID").text = key
    ET.SubElement(rule, f"{_NAMESPACE}BucketKeyEnabled").text = str(bool(rules[0].get("BucketKeyEnabled"))).lower()
    return ET.tostring(root, encoding="unicode")
