"""MiniStack's faults in bucket policies and encryption, reproduced without the correction."""

from __future__ import annotations

import json
from contextvars import copy_context
from typing import Any

import pytest
from ministack.core import iam_evaluator as evaluator
from ministack.core.iam_evaluator import SignedRequest
from ministack.services import s3, sts
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.iam.decision_log import Decision, Decisions
from rehearsal.emulator.ministack.corrections import permissions, requests
from rehearsal.emulator.ministack.patches import correct
from tests.emulator.iam.principals import ACCOUNT, OTHER, REGION, allow, make_role

pytestmark = pytest.mark.usefixtures("as_it_comes")

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/the-key"


def encryption(**by_default: str) -> dict[str, Any]:
    default = {"SSEAlgorithm": "aws:kms", **by_default}
    return {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": default}]}


def test_buckets_keep_their_encryption() -> None:
    """The fault: a template's bucket has no encryption."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    properties = {"BucketName": "made", "BucketEncryption": encryption(KMSMasterKeyID=KEY)}
    handlers["create"]("Bucket", properties, "stack")
    assert s3._bucket_encryption.get("made") is None
    correct(permissions.BUCKET_ENCRYPTION)
    handlers["update"]("made", {}, properties, "stack")
    assert KEY in s3._bucket_encryption["made"]


def test_a_bucket_without_a_key_of_its_own_stays_as_it_is() -> None:
    """A bucket with `aws:kms` and no key, such as CDK's bootstrap bucket, is stored without encryption."""
    correct(permissions.BUCKET_ENCRYPTION)
    properties = {"BucketName": "made", "BucketEncryption": encryption()}
    provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]["create"]("Bucket", properties, "stack")
    assert s3._bucket_encryption.get("made") is None


def test_another_accounts_bucket_is_asked_with_the_callers_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault: a denial by another account's bucket is logged as allowed and has no explanation."""
    noted: list[Decision] = []
    monkeypatch.setattr(Decisions, "add", lambda _, decision: noted.append(decision))
    role = make_role("worker", allow("s3:*"))
    sts._sessions["ASIAWORKER"] = {
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/at-work",
        "SecretAccessKey": "secret",  # pragma: allowlist secret
        "PrincipalType": "AssumedRole",
        "AccountId": ACCOUNT,
    }
    s3._buckets.set_scoped(OTHER, None, "theirs", {"objects": {}})
    key = "arn:aws:s3:::theirs/key"

    def asked() -> bool:
        evaluator._request_caller_arn.set(f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/at-work")
        evaluator._signed_request.set(SignedRequest("AKIAOTHER", "GET", "/theirs/key", {}, {}))
        return evaluator.enforce("ASIAWORKER", "s3:GetObject", "s3", REGION, key) is None

    def read() -> bool:
        return copy_context().run(asked)

    correct(requests.ENFORCEMENT)
    assert read()
    correct(requests.BUCKET_POLICY_PRINCIPAL)
    correct(permissions.FOREIGN_BUCKETS)
    noted.clear()
    assert not read()
    assert [decision.allowed for decision in noted] == [False]
    assert f'the policy of {key}; missing in the policy of {key} is {{"Effect": "Allow", "Principal"' in noted[0].why
    permission = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "s3:GetObject", "Resource": key}
    s3._bucket_policies.set_scoped(OTHER, None, "theirs", json.dumps({"Statement": [permission]}))
    assert read()
