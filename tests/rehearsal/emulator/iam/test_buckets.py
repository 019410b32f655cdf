"""MiniStack's fault about buckets, shown without its correction: when it fails, the correction can go."""

from __future__ import annotations

from typing import Any

import pytest
from ministack.services import s3
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.iam import buckets
from tests.rehearsal.emulator.iam.principals import ACCOUNT, REGION

pytestmark = pytest.mark.usefixtures("as_it_comes")

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/the-key"


def encryption(**by_default: str) -> dict[str, Any]:
    default = {"SSEAlgorithm": "aws:kms", **by_default}
    return {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": default}]}


def test_buckets_keep_their_encryption() -> None:
    """The fault: a bucket of a template has none."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    properties = {"BucketName": "made", "BucketEncryption": encryption(KMSMasterKeyID=KEY)}
    handlers["create"]("Bucket", properties, "stack")
    assert s3._bucket_encryption.get("made") is None
    buckets.buckets_keep_their_encryption()
    handlers["update"]("made", {}, properties, "stack")
    assert KEY in s3._bucket_encryption["made"]


def test_a_bucket_without_a_key_of_its_own_stays_as_it_is() -> None:
    """MiniStack refuses to write with `aws:kms` and no key: CDK's bootstrap bucket is such a one."""
    buckets.buckets_keep_their_encryption()
    properties = {"BucketName": "made", "BucketEncryption": encryption()}
    provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]["create"]("Bucket", properties, "stack")
    assert s3._bucket_encryption.get("made") is None
