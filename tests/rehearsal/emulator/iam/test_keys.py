"""MiniStack's faults about encryption, shown without their correction: when one fails, the correction can go."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ministack.core import iam_evaluator as evaluator
from ministack.services import kms, s3, sqs, sts
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.iam import checks, keys
from tests.rehearsal.emulator.iam.principals import ACCOUNT, REGION, allow, make_role

pytestmark = pytest.mark.usefixtures("as_it_comes")

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/the-key"
BUCKET, QUEUE = "arn:aws:s3:::encrypted", f"arn:aws:sqs:{REGION}:{ACCOUNT}:encrypted"


def encryption() -> dict[str, Any]:
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    return {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": default}]}


@pytest.fixture(autouse=True)
def _key_bucket_and_queue(as_it_comes: None) -> None:
    """A key that leaves it to its account, a bucket and a queue that it encrypts."""
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    policy = {"Statement": [{"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}]}
    kms._keys.set_scoped(ACCOUNT, REGION, "the-key", {"Arn": KEY, "Policy": json.dumps(policy)})
    sse = {"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": KEY}
    s3._buckets["encrypted"] = {"objects": {"key": {"preserved_headers": sse}}}
    url = sqs._queue_url_for_account(ACCOUNT, "encrypted")
    sqs._queues.set_scoped(ACCOUNT, REGION, url, {"attributes": {"KmsMasterKeyId": KEY, "QueueArn": QUEUE}})


def allowed(action: str, resource: str, *permitted: str) -> bool:
    """Whether MiniStack lets a role that may do `permitted` do `action`."""
    make_role("worker", allow(*permitted))
    sts._sessions["ASIAWORKER"] = {
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/at-work",
        "SecretAccessKey": "secret",  # pragma: allowlist secret
        "PrincipalType": "AssumedRole",
        "AccountId": ACCOUNT,
    }
    try:
        return evaluator.enforce("ASIAWORKER", action, action.partition(":")[0], REGION, resource) is None
    finally:
        del sts._sessions["ASIAWORKER"]


def test_buckets_keep_their_encryption() -> None:
    """The fault: a bucket of a template has none."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    properties = {"BucketName": "made", "BucketEncryption": encryption()}
    handlers["create"]("Bucket", properties, "stack")
    assert s3._bucket_encryption.get("made") is None
    keys.buckets_keep_their_encryption()
    handlers["update"]("made", {}, properties, "stack")
    assert KEY in s3._bucket_encryption["made"]


def test_a_bucket_without_a_key_of_its_own_stays_as_it_is() -> None:
    """MiniStack refuses to write with `aws:kms` and no key: CDK's bootstrap bucket is such a one."""
    keys.buckets_keep_their_encryption()
    rule = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    properties = {"BucketName": "made", "BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]}}
    provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]["create"]("Bucket", properties, "stack")
    assert s3._bucket_encryption.get("made") is None


@pytest.mark.parametrize(
    ("action", "needed"),
    [
        ("s3:GetObject", ["kms:Decrypt"]),
        ("s3:GetObjectVersion", ["kms:Decrypt"]),
        ("s3:PutObject", ["kms:GenerateDataKey"]),
    ],
)
def test_s3_asks_for_the_key(action: str, needed: list[str]) -> None:
    """The fault: who may use the bucket need not be allowed to use its key."""
    keys.buckets_keep_their_encryption()
    provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]["update"](
        "encrypted", {}, {"BucketEncryption": encryption()}, "stack"
    )
    assert allowed(action, f"{BUCKET}/key", action)
    checks.install()
    keys.s3_asks_for_the_key()
    assert not allowed(action, f"{BUCKET}/key", action)
    assert allowed(action, f"{BUCKET}/key", action, *needed)


@pytest.mark.parametrize(
    ("action", "needed"),
    [("sqs:SendMessage", ["kms:GenerateDataKey", "kms:Decrypt"]), ("sqs:ReceiveMessage", ["kms:Decrypt"])],
)
def test_sqs_asks_for_the_key(action: str, needed: list[str]) -> None:
    """The fault: who may use the queue need not be allowed to use its key."""
    assert allowed(action, QUEUE, action)
    checks.install()
    keys.sqs_asks_for_the_key()
    assert not allowed(action, QUEUE, action)
    assert allowed(action, QUEUE, action, *needed)


def test_a_keys_own_policy_counts() -> None:
    """A key whose policy names nobody is nobody's to use, whatever a role may do."""
    kms._keys.set_scoped(ACCOUNT, REGION, "the-key", {"Arn": KEY, "Policy": json.dumps({"Statement": []})})
    checks.install()
    keys.s3_asks_for_the_key()
    assert not allowed("s3:GetObject", f"{BUCKET}/key", "s3:*", "kms:*")
