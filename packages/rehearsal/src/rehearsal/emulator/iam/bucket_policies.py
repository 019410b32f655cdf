"""Buckets: the encryption that a template sets, and the policies of other accounts' buckets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from xml.etree import ElementTree as ET

from rehearsal.emulator.iam import enforcement
from rehearsal.emulator.iam.denial_messages import Denial
from rehearsal.emulator.iam.enforcement import Request
from rehearsal.emulator.ministack.port import s3
from rehearsal.json_values import items, mapping, member, text

_BUCKET = "arn:aws:s3:::"
_NAMESPACE = f"{{{s3.S3_NS}}}"


def keep_encryption(bucket: str, properties: Mapping[str, object]) -> None:
    """Store the encryption that a bucket's properties in the template set."""
    document = _encryption(properties)
    if document:
        s3.set_bucket_encryption(bucket, document)


def foreign_bucket_denial(request: Request) -> Denial | None:
    """Return the denial of a request that another account's bucket does not allow.

    This module evaluates the policy itself, so that the denial is recorded with the permission that is missing.
    """
    bucket, _, key = request.resource.removeprefix(_BUCKET).partition("/")
    owner = s3.bucket_owner(bucket) if request.resource.startswith(_BUCKET) else None
    if owner in {None, request.principal.account}:
        return None
    policy = s3.bucket_policy(owner, bucket)
    if enforcement.policy_allows(policy, request) or _access_lists_allow(request, owner, bucket, key):
        return None
    return enforcement.record_policy_denial(request, policy, str(owner))


def _access_lists_allow(request: Request, owner: str | None, bucket: str, key: str) -> bool:
    return s3.allows_foreign_caller(
        owner,
        bucket,
        key,
        method=request.method,
        query=request.query,
        caller=request.principal.account,
        headers=request.headers,
    )


def allow_foreign_callers(_allows: Callable[..., bool]) -> Callable[..., bool]:
    """Return the replacement of the function that evaluates a bucket's policy for a caller of another account.

    It allows every caller, and is used where the emulator does not enforce IAM. On AWS the policy is evaluated for the
    calling role.
    """

    def allow(*_: object, **__: object) -> bool:
        return True

    return allow


def _encryption(properties: Mapping[str, object]) -> str:
    """Return the bucket's encryption in the XML of S3's API; empty without a customer managed key.

    With `aws:kms` and no key id, as in CDK's bootstrap bucket, MiniStack rejects writes, where AWS uses an AWS managed
    key.
    """
    rules = items(properties, "BucketEncryption", "ServerSideEncryptionConfiguration")
    default = mapping(rules[0], "ServerSideEncryptionByDefault") if rules else {}
    key = text(default, "KMSMasterKeyID")
    if not key:
        return ""
    ET.register_namespace("", s3.S3_NS)
    root = ET.Element(f"{_NAMESPACE}ServerSideEncryptionConfiguration")
    rule = ET.SubElement(root, f"{_NAMESPACE}Rule")
    by_default = ET.SubElement(rule, f"{_NAMESPACE}ApplyServerSideEncryptionByDefault")
    ET.SubElement(by_default, f"{_NAMESPACE}SSEAlgorithm").text = text(default, "SSEAlgorithm")
    ET.SubElement(by_default, f"{_NAMESPACE}KMSMasterKeyID").text = key
    ET.SubElement(rule, f"{_NAMESPACE}BucketKeyEnabled").text = str(bool(member(rules[0], "BucketKeyEnabled"))).lower()
    return ET.tostring(root, encoding="unicode")
