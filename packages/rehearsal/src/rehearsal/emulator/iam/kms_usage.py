"""Faults of MiniStack about encryption: services use a key without asking whether their caller may.

The tests of the same names show each fault without its correction. Sources: "Using server-side encryption with AWS KMS
keys" of S3, "Key management" of SQS and SNS, "Encryption" of Secrets Manager and Parameter Store; AWS KMS developer
guide, "AWS KMS condition keys".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ministack.core.iam_evaluator import EvalResult
from ministack.core.responses import get_account_id
from ministack.services import kms, s3, secretsmanager, sns, sqs, ssm

from rehearsal.emulator.iam import enforcement
from rehearsal.emulator.iam.enforcement import Request

_BUCKET = "arn:aws:s3:::"
_SSE = "x-amz-server-side-encryption"
_WRITE_ACTIONS: tuple[str, ...] = ("kms:GenerateDataKey", "kms:Decrypt")


@dataclass(frozen=True)
class KeyUse:
    """What a service does with a key for its caller; key: its id, its alias or an ARN of it, of `owner` in `region`.

    about: the encryption context's name and value, by which a policy may tell what is encrypted.
    """

    actions: tuple[str, ...]
    key: str
    owner: str
    region: str
    service: str
    about: tuple[str, str]


def apply() -> None:
    check_s3_key_usage()
    check_sqs_key_usage()
    check_sns_key_usage()
    check_secret_and_parameter_key_usage()
    check_reencrypt_key_usage()


def check_s3_key_usage() -> None:
    """Who reads an encrypted object needs kms:Decrypt, who writes one kms:GenerateDataKey, in parts both.

    Who looks at its headers needs neither, unless they ask for its checksum.
    """

    def check(request: Request) -> EvalResult | None:
        bucket, _, key = request.resource.removeprefix(_BUCKET).partition("/")
        owner = s3._bucket_owner_account(bucket)
        if not request.resource.startswith(_BUCKET) or not key or not owner:
            return None
        found = s3._buckets.get_scoped(owner, None, bucket) or {}
        region = str(found.get("region") or request.region)
        if request.action in {"s3:GetObject", "s3:GetObjectVersion"}:
            looks = request.method == "HEAD" and not request.headers.get("x-amz-checksum-mode")
            actions, named = (
                _WRITE_ACTIONS[1:],
                "" if looks else _stored_key((found.get("objects") or {}).get(key) or {}),
            )
        elif request.action == "s3:PutObject":
            parts = {"uploads", "uploadId"} & {*request.query}
            actions, named = _WRITE_ACTIONS if parts else _WRITE_ACTIONS[:1], _encryption_key(request, owner, bucket)
        else:
            return None
        shared = "<BucketKeyEnabled>true" in str(s3._bucket_encryption.get_scoped(owner, None, bucket))
        about = f"{_BUCKET}{bucket}" if shared else request.resource
        return _key_denial(request, KeyUse(actions, named, owner, region, "s3", ("aws:s3:arn", about)))

    enforcement.add_check(check)


def _encryption_key(request: Request, owner: str, bucket: str) -> str:
    """The key that encrypts what a request writes: what it says itself, or its upload, or the bucket."""
    upload = request.query.get("uploadId", "")
    if upload:
        return _stored_key(s3._multipart_uploads.get_scoped(owner, None, upload) or {})
    said = {**request.query, **request.headers}
    if said.get(_SSE):
        return said.get(f"{_SSE}-aws-kms-key-id", "")
    found = re.search(r"<KMSMasterKeyID>([^<]+)", s3._bucket_encryption.get_scoped(owner, None, bucket) or "")
    return found[1] if found else ""


def _stored_key(stored: Mapping[str, Any]) -> str:
    return str(s3._stored_sse_headers(dict(stored)).get(f"{_SSE}-aws-kms-key-id", ""))


def check_sqs_key_usage() -> None:
    """Who sends to an encrypted queue needs kms:GenerateDataKey and kms:Decrypt, who receives kms:Decrypt."""
    enforcement.add_check(queue_key_denial)


def queue_key_denial(request: Request) -> EvalResult | None:
    """What a queue's key says to a request to send or to receive; None where it allows it."""
    actions = {"sqs:SendMessage": _WRITE_ACTIONS, "sqs:ReceiveMessage": _WRITE_ACTIONS[1:]}.get(request.action)
    if not actions or request.resource.count(":") != 5:
        return None
    _, _, _, region, owner, name = request.resource.split(":")
    queue = sqs._queues.get_scoped(owner, region, sqs._queue_url_for_account(owner, name)) or {}
    key = queue.get("attributes", {}).get("KmsMasterKeyId", "")
    return _key_denial(request, KeyUse(actions, key, owner, region, "sqs", ("aws:sqs:arn", request.resource)))


def check_sns_key_usage() -> None:
    """Who publishes to an encrypted topic needs kms:GenerateDataKey and kms:Decrypt."""

    def check(request: Request) -> EvalResult | None:
        if request.action != "sns:Publish" or request.resource.count(":") != 5:
            return None
        _, _, _, region, owner, _ = request.resource.split(":")
        topic = sns._topics.get_scoped(owner, region, request.resource) or {}
        key = topic.get("attributes", {}).get("KmsMasterKeyId", "")
        return _key_denial(
            request, KeyUse(_WRITE_ACTIONS, key, owner, region, "sns", ("aws:sns:topicarn", request.resource))
        )

    enforcement.add_check(check)


def check_secret_and_parameter_key_usage() -> None:
    """Who reads a secret, or a parameter in the clear, that a key of the account's own encrypts needs kms:Decrypt."""

    def check(request: Request) -> EvalResult | None:
        uses = {"secretsmanager:GetSecretValue": _secret_key_uses, "ssm:GetParameter": _parameter_key_uses}
        uses |= dict.fromkeys(
            ("ssm:GetParameters", "ssm:GetParametersByPath", "ssm:GetParameterHistory"), _parameter_key_uses
        )
        found = uses[request.action](request) if request.action in uses else ()
        return next(filter(None, (_key_denial(request, use) for use in found)), None)

    enforcement.add_check(check)


def _secret_key_uses(request: Request) -> Iterator[KeyUse]:
    if request.resource.count(":") == 6:
        _, _, _, region, owner, _, _ = request.resource.split(":")
        _, secret = secretsmanager._resolve(request.resource)
        yield KeyUse(
            _WRITE_ACTIONS[1:],
            (secret or {}).get("KmsKeyId") or "",
            owner,
            region,
            "secretsmanager",
            ("secretarn", request.resource),
        )


def _parameter_key_uses(request: Request) -> Iterator[KeyUse]:
    wanted = json.loads(request.body or b"{}")
    names, path = {wanted.get("Name"), *wanted.get("Names", ())}, wanted.get("Path")
    for name, parameter in ssm._parameters.items() if wanted.get("WithDecryption") else ():
        below = path and name.startswith(f"{path.rstrip('/')}/")
        if parameter.get("Type") == "SecureString" and (below or {name, parameter.get("ARN")} & names):
            about = ("parameter_arn", str(parameter.get("ARN")))
            yield KeyUse(_WRITE_ACTIONS[1:], parameter.get("KeyId", ""), get_account_id(), request.region, "ssm", about)


def check_reencrypt_key_usage() -> None:
    """kms:ReEncryptFrom is asked of the key that encrypted, kms:ReEncryptTo of the one that will."""

    def check(request: Request) -> EvalResult | None:
        if request.action != "kms:ReEncryptFrom":
            return None
        key = str(json.loads(request.body or b"{}").get("DestinationKeyId", ""))
        return _key_denial(request, KeyUse(("kms:ReEncryptTo",), key, get_account_id(), request.region, "", ("", "")))

    enforcement.add_check(check)


def _key_denial(request: Request, use: KeyUse) -> EvalResult | None:
    """Ask the key's policy and the caller's about each action; a key of AWS's own needs no permission."""
    record = _key_record(use)
    if record is None:
        return None
    keys: dict[str, Any] = {"kms:calleraccount": request.principal.account}
    if use.service:
        name, value = use.about
        keys |= {"kms:viaservice": f"{use.service}.{use.region}.amazonaws.com"}
        keys |= {f"kms:encryptioncontext:{name}": value, "kms:encryptioncontextkeys": [name]}
    owner, policy = record["Arn"].split(":")[4], record.get("Policy")
    asked = (
        enforcement.find_denial(request, action, record["Arn"], keys=keys, policy=policy, owner=owner, required=True)
        for action in use.actions
    )
    return next(filter(None, asked), None)


def _key_record(use: KeyUse) -> dict[str, Any] | None:
    """The key itself; None where there is none, or where it is AWS's own."""
    owner, region, name = use.owner, use.region, use.key
    if name.startswith("arn:aws:kms:"):
        _, _, _, region, owner, name = name.split(":", 5)
    if name.startswith("alias/"):
        name = str(kms._aliases.get_scoped(owner, region, f"arn:aws:kms:{region}:{owner}:{name}") or "")
    found = kms._keys.get_scoped(owner, region, name.removeprefix("key/")) if name else None
    return dict(found) if found else None
