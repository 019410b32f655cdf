"""Public policies and access control lists of buckets in stacks: S3 refuses them unless the bucket allows them.

A new bucket blocks public access and has no access control lists. Sources: Amazon S3 user guide, "Default settings for
new S3 buckets FAQ", "Blocking public access to your Amazon S3 storage" and "Controlling ownership of objects and
disabling ACLs for your bucket". The messages are quoted in arielweinberger/sls-base#22 and
cloudformation-coverage-roadmap#1606.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypedDict

from rehearsal.emulator.ministack.port import s3

_PUBLIC_ACLS = {"PublicRead", "PublicReadWrite", "AuthenticatedRead"}
_ENFORCED = "BucketOwnerEnforced"


class PolicyProperties(TypedDict, total=False):
    """Of AWS::S3::BucketPolicy."""

    Bucket: str
    PolicyDocument: Mapping[str, object]


class OwnershipControls(TypedDict, total=False):
    Rules: Sequence[Mapping[str, str]]


class BucketProperties(TypedDict, total=False):
    """Of AWS::S3::Bucket."""

    AccessControl: str
    OwnershipControls: OwnershipControls
    PublicAccessBlockConfiguration: Mapping[str, object]


def check_policy(properties: PolicyProperties) -> None:
    """Raise ValueError for a public policy of a bucket that blocks public policies."""
    bucket = properties.get("Bucket", "")
    if s3.blocks_public_policies(bucket) and s3.is_public_policy(json.dumps(properties.get("PolicyDocument", {}))):
        raise ValueError(
            "API: s3:PutBucketPolicy Access Denied: public policies are prevented by the BlockPublicPolicy setting in"
            f" S3 Block Public Access, which a new bucket has: {bucket} needs PublicAccessBlockConfiguration with"
            " BlockPublicPolicy: false, or a policy that is not public"
        )


def check_acl(properties: BucketProperties) -> None:
    """Raise ValueError for an access control list that the bucket's settings do not allow."""
    acl = properties.get("AccessControl") or "Private"
    rules = properties.get("OwnershipControls", {}).get("Rules", ())
    ownership = [rule.get("ObjectOwnership") for rule in rules] or [_ENFORCED]  # the default
    if acl != "Private" and _ENFORCED in ownership:
        raise ValueError(
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting (Error Code:"
            f" InvalidBucketAclWithObjectOwnership): AccessControl {acl} needs OwnershipControls with ObjectWriter or"
            " BucketOwnerPreferred"
        )
    blocks = properties.get("PublicAccessBlockConfiguration", {"BlockPublicAcls": True})
    if acl in _PUBLIC_ACLS and str(blocks.get("BlockPublicAcls", False)).lower() == "true":
        raise ValueError(
            "Bucket cannot have public ACLs set with BlockPublicAccess enabled (Error Code:"
            f" InvalidBucketAclWithBlockPublicAccessError): AccessControl {acl} needs PublicAccessBlockConfiguration"
            " with BlockPublicAcls: false"
        )
