"""KMS permissions of callers whose requests make a service use a key.

Sources: "Using server-side encryption with AWS KMS keys" of S3, "Key management" of SQS and SNS, "Encryption" of
Secrets Manager and Parameter Store; AWS KMS developer guide, "AWS KMS condition keys".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rehearsal.emulator.iam import enforcement
from rehearsal.emulator.iam.enforcement import Request
from rehearsal.emulator.ministack.port import kms, messaging, s3, secrets
from rehearsal.emulator.ministack.port.policies import EvalResult
from rehearsal.emulator.ministack.port.requests import get_account_id

_BUCKET = "arn:aws:s3:::"
_SSE = "x-amz-server-side-encryption"
_WRITE_ACTIONS: tuple[str, ...] = ("kms:GenerateDataKey", "kms:Decrypt")


@dataclass(frozen=True)
class KeyUse:
    """The use of a key by a service for its caller; key: its id, its alias or an ARN of it, of `owner` in `region`.

    about: the encryption context's name and value, by which a policy may tell what is encrypted.
    """

    actions: tuple[str, ...]
    key: str
    owner: str
    region: str
    service: str
    about: tuple[str, str]


def object_key_denial(request: Request) -> EvalResult | None:
    """Return the denial of a request for an encrypted object by its key.

    Reading one needs kms:Decrypt, writing one kms:GenerateDataKey, in parts both. Reading its headers needs neither,
    unless the request asks for its checksum.
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
        actions, named = _WRITE_ACTIONS[1:], "" if reads_headers else _stored_key(stored)
    elif request.action == "s3:PutObject":
        parts = {"uploads", "uploadId"} & {*request.query}
        actions, named = _WRITE_ACTIONS if parts else _WRITE_ACTIONS[:1], _encryption_key(request, owner, bucket)
    else:
        return None
    shared = "<BucketKeyEnabled>true" in s3.bucket_encryption(owner, bucket)
    about = f"{_BUCKET}{bucket}" if shared else request.resource
    return _key_denial(request, KeyUse(actions, named, owner, region, "s3", ("aws:s3:arn", about)))


def _encryption_key(request: Request, owner: str, bucket: str) -> str:
    """The key that encrypts what a request writes: what it says itself, or its upload, or the bucket."""
    upload = request.query.get("uploadId", "")
    if upload:
        return _stored_key(s3.upload_record(owner, upload))
    said = {**request.query, **request.headers}
    if said.get(_SSE):
        return said.get(f"{_SSE}-aws-kms-key-id", "")
    found = re.search(r"<KMSMasterKeyID>([^<]+)", s3.bucket_encryption(owner, bucket))
    return found[1] if found else ""


def _stored_key(stored: Mapping[str, object]) -> str:
    return str(s3.encryption_headers(stored).get(f"{_SSE}-aws-kms-key-id", ""))


def queue_key_denial(request: Request) -> EvalResult | None:
    """Return the denial of a request for an encrypted queue by its key.

    Sending needs kms:GenerateDataKey and kms:Decrypt, receiving kms:Decrypt.
    """
    actions = {"sqs:SendMessage": _WRITE_ACTIONS, "sqs:ReceiveMessage": _WRITE_ACTIONS[1:]}.get(request.action)
    if not actions or request.resource.count(":") != 5:
        return None
    _, _, _, region, owner, name = request.resource.split(":")
    key = messaging.queue_attributes(owner, region, name).get("KmsMasterKeyId", "")
    return _key_denial(request, KeyUse(actions, key, owner, region, "sqs", ("aws:sqs:arn", request.resource)))


def topic_key_denial(request: Request) -> EvalResult | None:
    """Return the denial of a request to publish to a topic by its key: needs kms:GenerateDataKey and kms:Decrypt."""
    if request.action != "sns:Publish" or request.resource.count(":") != 5:
        return None
    _, _, _, region, owner, _ = request.resource.split(":")
    key = messaging.topic_attributes(owner, region, request.resource).get("KmsMasterKeyId", "")
    about = ("aws:sns:topicarn", request.resource)
    return _key_denial(request, KeyUse(_WRITE_ACTIONS, key, owner, region, "sns", about))


def stored_value_key_denial(request: Request) -> EvalResult | None:
    """Return the denial of a request for a secret, or for a parameter in clear text, that a customer's key encrypts."""
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
        yield KeyUse(_WRITE_ACTIONS[1:], key, owner, region, "secretsmanager", ("secretarn", request.resource))


def _parameter_key_uses(request: Request) -> Iterator[KeyUse]:
    wanted = json.loads(request.body or b"{}")
    names, path = {wanted.get("Name"), *wanted.get("Names", ())}, wanted.get("Path")
    for name, parameter in secrets.parameters().items() if wanted.get("WithDecryption") else ():
        below = path and name.startswith(f"{path.rstrip('/')}/")
        if parameter.get("Type") == "SecureString" and (below or {name, parameter.get("ARN")} & names):
            about = ("parameter_arn", str(parameter.get("ARN")))
            yield KeyUse(_WRITE_ACTIONS[1:], parameter.get("KeyId", ""), get_account_id(), request.region, "ssm", about)


def reencrypt_key_denial(request: Request) -> EvalResult | None:
    """Return the denial of ReEncrypt by the key that will encrypt; kms:ReEncryptFrom is for the one that encrypted."""
    if request.action != "kms:ReEncryptFrom":
        return None
    key = str(json.loads(request.body or b"{}").get("DestinationKeyId", ""))
    return _key_denial(request, KeyUse(("kms:ReEncryptTo",), key, get_account_id(), request.region, "", ("", "")))


def _key_denial(request: Request, use: KeyUse) -> EvalResult | None:
    """Ask the key's policy and the caller's about each action; a key of AWS's own needs no permission."""
    record = _key_record(use)
    if record is None:
        return None
    keys: dict[str, object] = {"kms:calleraccount": request.principal.account}
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


def _key_record(use: KeyUse) -> kms.KeyRecord | None:
    """The key itself; None where there is none, or where it is AWS's own."""
    owner, region, name = use.owner, use.region, use.key
    if name.startswith("arn:aws:kms:"):
        _, _, _, region, owner, name = name.split(":", 5)
    if name.startswith("alias/"):
        name = kms.key_of_alias(owner, region, name)
    return kms.key_record(owner, region, name.removeprefix("key/")) if name else None
