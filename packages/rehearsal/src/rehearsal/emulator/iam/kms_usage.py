"""KMS permissions that a caller needs where a service uses a key for its request.

Sources: "Using server-side encryption with AWS KMS keys" of S3, "Key management" of SQS and SNS, "Encryption" of
Secrets Manager and Parameter Store; AWS KMS developer guide, "AWS KMS condition keys".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rehearsal.emulator.iam import enforcement
from rehearsal.emulator.iam.denial_messages import Denial
from rehearsal.emulator.iam.enforcement import Request
from rehearsal.emulator.ministack.port import kms, messaging, s3, secrets
from rehearsal.emulator.ministack.port.requests import get_account_id

_BUCKET = "arn:aws:s3:::"
_SSE = "x-amz-server-side-encryption"
_READ_ACTIONS: tuple[str, ...] = ("kms:Decrypt",)
_WRITE_ACTIONS: tuple[str, ...] = ("kms:GenerateDataKey", "kms:Decrypt")


@dataclass(frozen=True)
class KeyUse:
    """The use of a key by a service for its caller.

    key: its id, alias or ARN. owner, region: where the key is. about: name and value of the encryption context, by
    which a policy can restrict what is encrypted.
    """

    actions: tuple[str, ...]
    key: str
    owner: str
    region: str
    service: str
    about: tuple[str, str]


def object_key_denial(request: Request) -> Denial | None:
    """Return the denial of a request for an encrypted object, for lack of permission to use its key.

    Reading needs kms:Decrypt, writing kms:GenerateDataKey, a multipart upload both. Reading the headers needs neither,
    unless the request asks for the checksum.
    """
    bucket, _, key = request.resource.removeprefix(_BUCKET).partition("/")
    owner = s3.bucket_owner(bucket)
    if not request.resource.startswith(_BUCKET) or not key or not owner:
        return None
    record = s3.bucket_record(owner, bucket)
    region = str(record.get("region") or request.region)
    if request.action in {"s3:GetObject", "s3:GetObjectVersion"}:
        reads_headers = request.method == "HEAD" and not request.headers.get("x-amz-checksum-mode")
        stored = (record.get("objects") or {}).get(key) or {}
        actions, kms_key = _READ_ACTIONS, "" if reads_headers else _stored_key(stored)
    elif request.action == "s3:PutObject":
        multipart = {"uploads", "uploadId"} & {*request.query}
        actions, kms_key = _WRITE_ACTIONS if multipart else _WRITE_ACTIONS[:1], _encryption_key(request, owner, bucket)
    else:
        return None
    has_bucket_key = "<BucketKeyEnabled>true" in s3.bucket_encryption(owner, bucket)
    about = f"{_BUCKET}{bucket}" if has_bucket_key else request.resource
    return _key_denial(request, KeyUse(actions, kms_key, owner, region, "s3", ("aws:s3:arn", about)))


def _encryption_key(request: Request, owner: str, bucket: str) -> str:
    """Return the key for what a request writes: the one in the request, of its multipart upload, or of the bucket."""
    upload = request.query.get("uploadId", "")
    if upload:
        return _stored_key(s3.upload_record(owner, upload))
    headers = {**request.query, **request.headers}
    if headers.get(_SSE):
        return headers.get(f"{_SSE}-aws-kms-key-id", "")
    default_key = re.search(r"<KMSMasterKeyID>([^<]+)", s3.bucket_encryption(owner, bucket))
    return default_key[1] if default_key else ""


def _stored_key(stored: Mapping[str, object]) -> str:
    return str(s3.encryption_headers(stored).get(f"{_SSE}-aws-kms-key-id", ""))


def queue_key_denial(request: Request) -> Denial | None:
    """Return the denial of a request for an encrypted queue, for lack of permission to use its key.

    Sending needs kms:GenerateDataKey and kms:Decrypt, receiving kms:Decrypt.
    """
    actions = {"sqs:SendMessage": _WRITE_ACTIONS, "sqs:ReceiveMessage": _READ_ACTIONS}.get(request.action)
    if not actions or request.resource.count(":") != 5:
        return None
    _, _, _, region, owner, name = request.resource.split(":")
    key = messaging.queue_attributes(owner, region, name).get("KmsMasterKeyId", "")
    return _key_denial(request, KeyUse(actions, key, owner, region, "sqs", ("aws:sqs:arn", request.resource)))


def topic_key_denial(request: Request) -> Denial | None:
    """Return the denial of a request to publish to an encrypted topic, for lack of permission to use its key.

    Publishing needs kms:GenerateDataKey and kms:Decrypt.
    """
    if request.action != "sns:Publish" or request.resource.count(":") != 5:
        return None
    _, _, _, region, owner, _ = request.resource.split(":")
    key = messaging.topic_attributes(owner, region, request.resource).get("KmsMasterKeyId", "")
    about = ("aws:sns:topicarn", request.resource)
    return _key_denial(request, KeyUse(_WRITE_ACTIONS, key, owner, region, "sns", about))


def stored_value_key_denial(request: Request) -> Denial | None:
    """Return the denial of a request for a secret or a decrypted parameter, for lack of permission to use its key."""
    uses = {"secretsmanager:GetSecretValue": _secret_key_uses, "ssm:GetParameter": _parameter_key_uses}
    uses |= dict.fromkeys(
        ("ssm:GetParameters", "ssm:GetParametersByPath", "ssm:GetParameterHistory"), _parameter_key_uses
    )
    key_uses = uses[request.action](request) if request.action in uses else ()
    return next(filter(None, (_key_denial(request, use) for use in key_uses)), None)


def _secret_key_uses(request: Request) -> Iterator[KeyUse]:
    if request.resource.count(":") == 6:
        _, _, _, region, owner, _, _ = request.resource.split(":")
        key = secrets.secret_record(request.resource).get("KmsKeyId") or ""
        yield KeyUse(_READ_ACTIONS, key, owner, region, "secretsmanager", ("secretarn", request.resource))


def _parameter_key_uses(request: Request) -> Iterator[KeyUse]:
    body = json.loads(request.body or b"{}")
    if not body.get("WithDecryption"):
        return
    names = {_without_selector(name) for name in (body.get("Name", ""), *body.get("Names", ()))}
    for name, parameter in secrets.parameters().items():
        is_read = bool({name, parameter.get("ARN")} & names) or _is_in_path(name, body)
        if is_read and parameter.get("Type") == "SecureString":
            about = ("parameter_arn", str(parameter.get("ARN")))
            yield KeyUse(_READ_ACTIONS, parameter.get("KeyId", ""), get_account_id(), request.region, "ssm", about)


def _without_selector(name: str) -> str:
    """Return a parameter's name or ARN without the version or label that a request adds after a colon."""
    colons = 5 if name.startswith("arn:") else 0
    return ":".join(name.split(":")[: colons + 1])


def _is_in_path(name: str, body: Mapping[str, object]) -> bool:
    """Whether GetParametersByPath returns a parameter: only with Recursive those of deeper levels."""
    path = str(body.get("Path") or "")
    level = f"{path.rstrip('/')}/"
    rest = name.removeprefix(level)
    return bool(path) and rest != name and (bool(body.get("Recursive")) or "/" not in rest)


def reencrypt_key_denial(request: Request) -> Denial | None:
    """Return the denial of ReEncrypt for the destination key; the request's own action is kms:ReEncryptFrom."""
    if request.action != "kms:ReEncryptFrom":
        return None
    key = str(json.loads(request.body or b"{}").get("DestinationKeyId", ""))
    return _key_denial(request, KeyUse(("kms:ReEncryptTo",), key, get_account_id(), request.region, "", ("", "")))


def _key_denial(request: Request, use: KeyUse) -> Denial | None:
    """Evaluate the key's policy and the caller's for each action; an AWS managed key, without a record, needs none."""
    record = kms.find_key(use.owner, use.region, use.key) if use.key else None
    if record is None:
        return None
    keys: dict[str, object] = {"kms:calleraccount": request.principal.account}
    if use.service:
        name, value = use.about
        keys |= {"kms:viaservice": f"{use.service}.{use.region}.amazonaws.com"}
        keys |= {f"kms:encryptioncontext:{name}": value, "kms:encryptioncontextkeys": [name]}
    owner, policy = record["Arn"].split(":")[4], record.get("Policy")
    denials = (
        enforcement.find_denial(
            request.for_action(action, record["Arn"], keys), policy=policy, owner=owner, required=True
        )
        for action in use.actions
    )
    return next(filter(None, denials), None)
