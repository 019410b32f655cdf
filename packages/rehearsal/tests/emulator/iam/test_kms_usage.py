"""MiniStack's faults in encryption, reproduced without the correction."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from ministack.core import iam_evaluator as evaluator
from ministack.core.iam_evaluator import SignedRequest
from ministack.services import kms, s3, secretsmanager, sns, sqs, ssm, sts

from rehearsal.emulator.ministack.corrections import permissions, requests
from rehearsal.emulator.ministack.patches import correct
from tests.emulator.iam.principals import ACCOUNT, REGION, allow, make_role

pytestmark = pytest.mark.usefixtures("as_it_comes")

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/the-key"
NAMES = ["the-key", "alias/the-alias", KEY, KEY.replace("key/the-key", "alias/the-alias")]
BUCKET, QUEUE = "arn:aws:s3:::encrypted", f"arn:aws:sqs:{REGION}:{ACCOUNT}:encrypted"


@pytest.fixture(autouse=True)
def _key_bucket_and_queue(as_it_comes: None) -> None:
    """Provide a key whose policy delegates to its account, and a bucket and a queue that it encrypts."""
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    policy = {"Statement": [{"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}]}
    kms._keys.set_scoped(ACCOUNT, REGION, "the-key", {"Arn": KEY, "Policy": json.dumps(policy)})
    sse = {"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": KEY}
    kms._aliases.set_scoped(ACCOUNT, REGION, f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/the-alias", "the-key")
    s3._bucket_encryption["encrypted"] = f"<Rule><KMSMasterKeyID>{KEY}</KMSMasterKeyID></Rule>"
    s3._buckets["encrypted"] = {"objects": {"key": {"preserved_headers": sse}}}
    url = sqs._queue_url_for_account(ACCOUNT, "encrypted")
    sqs._queues.set_scoped(ACCOUNT, REGION, url, {"attributes": {"KmsMasterKeyId": KEY, "QueueArn": QUEUE}})


@dataclass(frozen=True)
class Sent:
    """The other parameters of a request."""

    method: str = ""
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)


def allowed(action: str, resource: str, *permitted: str, sent: Sent | None = None, where: Any = None) -> bool:
    """Return whether a role with `permitted` may do `action`; `where` is a condition of the key permissions."""
    statements = [allow(name, **({"Condition": where} if where and "kms:" in name else {})) for name in permitted]
    policy = {"Statement": [statement for policy in statements for statement in policy["Statement"]]}
    make_role("worker", policy)
    sts._sessions["ASIAWORKER"] = {
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/at-work",
        "SecretAccessKey": "secret",  # pragma: allowlist secret
        "PrincipalType": "AssumedRole",
        "AccountId": ACCOUNT,
    }
    as_sent = sent or Sent()
    body = json.dumps(as_sent.body).encode()
    # The access key differs, so that MiniStack does not verify the signature.
    signed = SignedRequest("AKIAOTHER", as_sent.method, "/", as_sent.query, as_sent.headers, body)
    token = evaluator._signed_request.set(signed)
    try:
        return evaluator.enforce("ASIAWORKER", action, action.partition(":")[0], REGION, resource) is None
    finally:
        evaluator._signed_request.reset(token)


def stored(name: str) -> None:
    """Encrypt the object `key` in the bucket with the key of this name."""
    sse = {"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": name}
    s3._buckets["encrypted"]["objects"]["key"] = {"preserved_headers": sse}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("action", "needed"),
    [
        ("s3:GetObject", ["kms:Decrypt"]),
        ("s3:GetObjectVersion", ["kms:Decrypt"]),
        ("s3:PutObject", ["kms:GenerateDataKey"]),
    ],
)
def test_s3_asks_for_the_key(action: str, needed: list[str], name: str) -> None:
    """The fault: S3 needs no permission for the bucket's key, whichever name or alias the key is given by."""
    stored(name)
    s3._bucket_encryption["encrypted"] = f"<KMSMasterKeyID>{name}</KMSMasterKeyID>"
    assert allowed(action, f"{BUCKET}/key", action)
    correct(requests.ENFORCEMENT, permissions.OBJECT_KEYS)
    assert not allowed(action, f"{BUCKET}/key", action)
    assert allowed(action, f"{BUCKET}/key", action, *needed)


def test_head_object_needs_no_key() -> None:
    """HeadObject needs no key permission, unless it asks for the checksum."""
    correct(requests.ENFORCEMENT, permissions.OBJECT_KEYS)
    assert allowed("s3:GetObject", f"{BUCKET}/key", "s3:GetObject", sent=Sent("HEAD"))
    checksum = Sent("HEAD", headers={"x-amz-checksum-mode": "ENABLED"})
    assert not allowed("s3:GetObject", f"{BUCKET}/key", "s3:GetObject", sent=checksum)


def test_encryption_headers_replace_the_buckets_default() -> None:
    """The encryption headers of a request replace the bucket's default encryption."""
    correct(requests.ENFORCEMENT, permissions.OBJECT_KEYS)
    sse = "x-amz-server-side-encryption"
    plain, put = Sent("PUT", headers={sse: "AES256"}), f"{BUCKET}/new"
    assert allowed("s3:PutObject", put, "s3:PutObject", sent=plain)
    s3._bucket_encryption["encrypted"] = ""
    with_key = Sent("PUT", headers={sse: "aws:kms", f"{sse}-aws-kms-key-id": "alias/the-alias"})
    assert not allowed("s3:PutObject", put, "s3:PutObject", sent=with_key)
    assert allowed("s3:PutObject", put, "s3:PutObject", "kms:GenerateDataKey", sent=with_key)


@pytest.mark.parametrize("query", [{"uploads": ""}, {"uploadId": "of-the-upload", "partNumber": "1"}])
def test_an_upload_in_parts_needs_to_decrypt_as_well(query: dict[str, str]) -> None:
    """A multipart upload also needs kms:Decrypt, to assemble the parts."""
    correct(requests.ENFORCEMENT, permissions.OBJECT_KEYS)
    s3._multipart_uploads["of-the-upload"] = s3._buckets["encrypted"]["objects"]["key"]
    sent = Sent("POST", query)
    assert not allowed("s3:PutObject", f"{BUCKET}/new", "s3:PutObject", "kms:GenerateDataKey", sent=sent)
    assert allowed("s3:PutObject", f"{BUCKET}/new", "s3:PutObject", "kms:GenerateDataKey", "kms:Decrypt", sent=sent)


@pytest.mark.parametrize(
    ("key", "right"),
    [
        ("kms:CallerAccount", ACCOUNT),
        ("kms:ViaService", f"s3.{REGION}.amazonaws.com"),
        ("kms:EncryptionContext:aws:s3:arn", f"{BUCKET}/key"),
    ],
)
def test_policies_can_tell_what_a_key_is_used_for(key: str, right: str) -> None:
    """Conditions on the caller's account, the service and the encryption context are evaluated."""
    correct(requests.ENFORCEMENT, permissions.OBJECT_KEYS)
    for value, is_right in ((right, True), ("other", False)):
        where = {"StringEquals": {key: value}}
        read = allowed("s3:GetObject", f"{BUCKET}/key", "s3:GetObject", "kms:Decrypt", where=where)
        assert read is is_right


def test_with_a_bucket_key_it_is_the_bucket_that_is_encrypted() -> None:
    """With a bucket key the encryption context is the bucket's ARN, not the object's."""
    correct(requests.ENFORCEMENT, permissions.OBJECT_KEYS)
    s3._bucket_encryption["encrypted"] = "<BucketKeyEnabled>true</BucketKeyEnabled>"
    where = {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": BUCKET}}
    assert allowed("s3:GetObject", f"{BUCKET}/key", "s3:GetObject", "kms:Decrypt", where=where)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("action", "needed"),
    [("sqs:SendMessage", ["kms:GenerateDataKey", "kms:Decrypt"]), ("sqs:ReceiveMessage", ["kms:Decrypt"])],
)
def test_sqs_asks_for_the_key(action: str, needed: list[str], name: str) -> None:
    """The fault: SQS needs no permission for the queue's key, whichever name or alias the key is given by."""
    url = sqs._queue_url_for_account(ACCOUNT, "encrypted")
    sqs._queues[url]["attributes"]["KmsMasterKeyId"] = name
    assert allowed(action, QUEUE, action)
    correct(requests.ENFORCEMENT, permissions.QUEUE_KEYS)
    assert not allowed(action, QUEUE, action)
    assert allowed(action, QUEUE, action, *needed)


def test_a_key_of_awss_own_needs_no_permission() -> None:
    """An AWS managed key, and a missing one, need no permission."""
    url = sqs._queue_url_for_account(ACCOUNT, "encrypted")
    correct(requests.ENFORCEMENT, permissions.QUEUE_KEYS)
    for name in ("alias/aws/sqs", "none", ""):
        sqs._queues[url]["attributes"]["KmsMasterKeyId"] = name
        assert allowed("sqs:SendMessage", QUEUE, "sqs:SendMessage")


def test_sns_asks_for_the_key() -> None:
    """The fault: SNS needs no permission for the topic's key."""
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:encrypted"
    sns._topics[topic] = {"attributes": {"KmsMasterKeyId": "alias/the-alias"}}
    assert allowed("sns:Publish", topic, "sns:Publish")
    correct(requests.ENFORCEMENT, permissions.TOPIC_KEYS)
    assert not allowed("sns:Publish", topic, "sns:Publish", "kms:GenerateDataKey")
    assert allowed("sns:Publish", topic, "sns:Publish", "kms:GenerateDataKey", "kms:Decrypt")


def test_secrets_and_parameters_ask_for_the_key() -> None:
    """The fault: reading a secret or a decrypted parameter needs no permission for its key."""
    secret, parameter = (
        f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:s-abcdef",
        f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter",
    )
    secretsmanager._secrets["s"] = {"Name": "s", "ARN": secret, "KmsKeyId": "alias/the-alias"}
    ssm._parameters["/p/q"] = {"Type": "SecureString", "KeyId": KEY, "ARN": f"{parameter}/p/q", "Name": "/p/q"}
    reads: list[tuple[str, str, dict[str, Any]]] = [
        ("secretsmanager:GetSecretValue", secret, {"SecretId": "s"}),
        ("ssm:GetParameter", f"{parameter}/p/q", {"Name": "/p/q", "WithDecryption": True}),
        ("ssm:GetParameters", f"{parameter}/p/q", {"Names": ["/p/q"], "WithDecryption": True}),
        ("ssm:GetParameter", f"{parameter}/p/q", {"Name": "/p/q:3", "WithDecryption": True}),
        ("ssm:GetParameter", f"{parameter}/p/q", {"Name": f"{parameter}/p/q:label", "WithDecryption": True}),
        ("ssm:GetParametersByPath", f"{parameter}/p", {"Path": "/p", "WithDecryption": True}),
        ("ssm:GetParametersByPath", f"{parameter}/", {"Path": "/", "Recursive": True, "WithDecryption": True}),
    ]
    for action, resource, body in reads:
        assert allowed(action, resource, action, sent=Sent(body=body)), action
    correct(requests.ENFORCEMENT, permissions.STORED_VALUE_KEYS)
    for action, resource, body in reads:
        assert not allowed(action, resource, action, sent=Sent(body=body)), action
        assert allowed(action, resource, action, "kms:Decrypt", sent=Sent(body=body)), action
    assert allowed("ssm:GetParameter", f"{parameter}/p/q", "ssm:GetParameter", sent=Sent(body={"Name": "/p/q"}))
    not_recursive = Sent(body={"Path": "/", "WithDecryption": True})
    assert allowed("ssm:GetParametersByPath", f"{parameter}/", "ssm:GetParametersByPath", sent=not_recursive)


def test_reencrypt_needs_both_keys() -> None:
    """The fault: ReEncrypt does not evaluate the policy of the destination key."""
    sent = Sent(body={"DestinationKeyId": "alias/the-alias"})
    kms._keys.set_scoped(ACCOUNT, REGION, "old", {**kms._keys["the-key"], "Arn": KEY.replace("the-key", "old")})
    assert allowed("kms:ReEncryptFrom", KEY.replace("the-key", "old"), "kms:ReEncryptFrom", sent=sent)
    correct(requests.ENFORCEMENT, permissions.REENCRYPT_KEYS)
    assert not allowed("kms:ReEncryptFrom", KEY.replace("the-key", "old"), "kms:ReEncryptFrom", sent=sent)
    assert allowed("kms:ReEncryptFrom", KEY.replace("the-key", "old"), "kms:ReEncrypt*", sent=sent)


def test_a_keys_own_policy_counts() -> None:
    """A key whose policy allows no principal cannot be used, whatever the role's policies allow."""
    kms._keys.set_scoped(ACCOUNT, REGION, "the-key", {"Arn": KEY, "Policy": json.dumps({"Statement": []})})
    correct(requests.ENFORCEMENT, permissions.OBJECT_KEYS)
    assert not allowed("s3:GetObject", f"{BUCKET}/key", "s3:*", "kms:*")
