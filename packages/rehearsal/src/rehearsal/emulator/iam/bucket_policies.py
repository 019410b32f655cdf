"""Faults of MiniStack about buckets: a template's encryption is lost, and another account's bucket refuses unseen.

The tests of the same names show each fault without its correction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from ministack.core.iam_evaluator import EvalResult
from ministack.services import s3
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.iam import enforcement
from rehearsal.emulator.iam.enforcement import Request

ProvisionedResource = tuple[str, dict[str, str]]

_BUCKET = "arn:aws:s3:::"
_NAMESPACE = f"{{{s3.S3_NS}}}"


def apply() -> None:
    retain_bucket_encryption()
    evaluate_cross_account_bucket_policies()


def retain_bucket_encryption() -> None:
    """CloudFormation drops BucketEncryption: nothing in a pipeline's bucket would be encrypted with its key."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    create, update = handlers["create"], handlers["update"]

    def keep(made: ProvisionedResource, properties: Mapping[str, Any]) -> ProvisionedResource:
        text = _encryption(properties)
        if text:
            s3._bucket_encryption[made[0]] = text
        return made

    def creates(logical_id: str, properties: Mapping[str, Any], stack: str) -> ProvisionedResource:
        return keep(create(logical_id, properties, stack), properties)

    def updates(name: str, old: Mapping[str, Any], new: Mapping[str, Any], stack: str) -> ProvisionedResource:
        return keep(update(name, old, new, stack), new)

    handlers |= {"create": creates, "update": updates}


def evaluate_cross_account_bucket_policies() -> None:
    """Its policy is asked where the caller's are: a denial of either is noted down, and says what is missing where."""

    def check(request: Request) -> EvalResult | None:
        bucket, _, key = request.resource.removeprefix(_BUCKET).partition("/")
        owner = s3._bucket_owner_account(bucket) if request.resource.startswith(_BUCKET) else None
        if owner in {None, request.principal.account}:
            return None
        policy = s3._bucket_policies.get_scoped(owner, None, bucket) or ""
        told = (bucket, key, request.method, dict(request.query), request.principal.account, dict(request.headers))
        if enforcement.policy_allows(policy, request) or s3._foreign_bucket_allows(
            owner, *told
        ):  # the latter knows access lists
            return None
        return enforcement.deny(request, policy, str(owner))

    enforcement.add_check(check)


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
