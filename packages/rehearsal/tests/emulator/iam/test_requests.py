"""Requests that a role's SDK sends to the embedded AWS: evaluated actions, and messages of denials."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from rehearsal.aws import Endpoint, root
from tests.conftest import Embedded
from tests.emulator.iam.principals import ACCOUNT, OTHER, REGION, allow, trusting


@pytest.fixture
def endpoint(enforced: Embedded) -> Endpoint:
    return enforced.endpoint


class Worker:
    """A role in ACCOUNT with the permissions that `may` gives."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._iam = endpoint.client("iam", root(ACCOUNT), REGION)
        trust = json.dumps(trusting(AWS=f"arn:aws:iam::{ACCOUNT}:root"))
        self.arn = self._iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        sts = endpoint.client("sts", root(ACCOUNT), REGION)
        self._keys = sts.assume_role(RoleArn=self.arn, RoleSessionName="at-work")["Credentials"]

    def may(self, *actions: str) -> None:
        """Allow these actions and no other ones."""
        document = json.dumps({"Version": "2012-10-17", **allow(*actions)})
        self._iam.put_role_policy(RoleName="worker", PolicyName="own", PolicyDocument=document)

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self._endpoint.url,
            region_name=REGION,
            aws_access_key_id=self._keys["AccessKeyId"],
            aws_secret_access_key=self._keys["SecretAccessKey"],
            aws_session_token=self._keys["SessionToken"],
            verify=str(self._endpoint.ca),
        )


@pytest.fixture(scope="module")
def worker(enforced: Embedded) -> Worker:
    return Worker(enforced.endpoint)


@pytest.mark.parametrize(
    ("operation", "arguments", "action"),
    [
        ("update_alias", {"FunctionName": "f", "Name": "live"}, "lambda:UpdateAlias"),
        ("delete_alias", {"FunctionName": "f", "Name": "live"}, "lambda:DeleteAlias"),
        ("delete_layer_version", {"LayerName": "l", "VersionNumber": 1}, "lambda:DeleteLayerVersion"),
        ("get_layer_version", {"LayerName": "l", "VersionNumber": 1}, "lambda:GetLayerVersion"),
        ("update_event_source_mapping", {"UUID": "0" * 36}, "lambda:UpdateEventSourceMapping"),
        ("invoke_with_response_stream", {"FunctionName": "f"}, "lambda:InvokeFunction"),
    ],
)
def test_lambda_asks_for_the_action_of_the_operation(
    worker: Worker, operation: str, arguments: dict[str, Any], action: str
) -> None:
    """A List permission allows no other operation; with the operation's permission only the resource is missing."""
    worker.may("lambda:List*", "sqs:ListQueues")
    with pytest.raises(ClientError, match=f"not authorized to perform: {action} on resource: .*looked at own; missing"):
        getattr(worker.client("lambda"), operation)(**arguments)
    worker.may(action)
    try:
        getattr(worker.client("lambda"), operation)(**arguments)
    except ClientError as error:
        assert "NotFound" in error.response["Error"]["Code"]  # noqa: PT017 - a deletion of nothing succeeds


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("list_buckets", {}),
        ("create_bucket", {"Bucket": "of-nobody"}),
        ("list_objects_v2", {"Bucket": "of-the-account"}),
        ("get_object", {"Bucket": "of-the-account", "Key": "key"}),
        ("put_object", {"Bucket": "of-the-account", "Key": "other", "Body": b""}),
        ("delete_bucket", {"Bucket": "of-the-account"}),
    ],
)
def test_an_unsigned_request_reaches_no_bucket(endpoint: Endpoint, operation: str, arguments: dict[str, Any]) -> None:
    """An unsigned request is denied unless the bucket's policy allows everybody."""
    owner = endpoint.client("s3", root(ACCOUNT), REGION)
    with contextlib.suppress(owner.exceptions.BucketAlreadyOwnedByYou):
        owner.create_bucket(Bucket="of-the-account", CreateBucketConfiguration={"LocationConstraint": REGION})
    owner.put_object(Bucket="of-the-account", Key="key", Body=b"")
    unsigned = Config(signature_version=UNSIGNED)
    s3 = boto3.client("s3", endpoint_url=endpoint.url, region_name=REGION, config=unsigned, verify=str(endpoint.ca))
    with pytest.raises(ClientError, match="AccessDenied"):
        getattr(s3, operation)(**arguments)


def test_send_message_batch_needs_send_message(worker: Worker, endpoint: Endpoint) -> None:
    """SendMessageBatch needs only sqs:SendMessage."""
    url = endpoint.client("sqs", root(ACCOUNT), REGION).create_queue(QueueName="orders")["QueueUrl"]
    worker.may("sqs:SendMessage")
    batch = [{"Id": "1", "MessageBody": "{}"}]
    assert worker.client("sqs").send_message_batch(QueueUrl=url, Entries=batch)["Successful"]


def test_another_accounts_bucket_says_that_its_policy_lacks_it(worker: Worker, endpoint: Endpoint) -> None:
    """A denial by another account's bucket names the statement that its policy lacks."""
    theirs = endpoint.client("s3", root(OTHER), REGION)
    theirs.create_bucket(Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": REGION})
    theirs.put_object(Bucket="theirs", Key="key", Body=b"")
    worker.may("s3:*")
    with pytest.raises(ClientError, match=r"missing in the policy of arn:aws:s3:::theirs/key is .*role/worker"):
        worker.client("s3").get_object(Bucket="theirs", Key="key")


def test_only_encrypted_content_needs_the_key(worker: Worker, endpoint: Endpoint) -> None:
    """HeadObject and objects with S3's own encryption need no key; GetObject and PutObject with a KMS key do."""
    theirs, kms = endpoint.client("s3", root(ACCOUNT), REGION), endpoint.client("kms", root(ACCOUNT), REGION)
    theirs.create_bucket(Bucket="ours", CreateBucketConfiguration={"LocationConstraint": REGION})
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    theirs.put_object(Bucket="ours", Key="key", Body=b"", **encrypted)
    worker.may("s3:*")
    s3 = worker.client("s3")
    assert s3.head_object(Bucket="ours", Key="key")["SSEKMSKeyId"]
    assert s3.put_object(Bucket="ours", Key="plain", Body=b"", ServerSideEncryption="AES256")["ETag"]
    with pytest.raises(ClientError, match=f"kms:Decrypt on resource: .*{key}"):
        s3.get_object(Bucket="ours", Key="key")
    with pytest.raises(ClientError, match=f"kms:GenerateDataKey on resource: .*{key}"):
        s3.put_object(Bucket="ours", Key="key", Body=b"", **encrypted)


def test_a_trust_policy_that_lacks_the_role_is_named(worker: Worker, endpoint: Endpoint) -> None:
    """The denial of AssumeRole names the statement that the trust policy lacks."""
    trust = json.dumps(trusting(Service="codebuild.amazonaws.com"))
    iam = endpoint.client("iam", root(ACCOUNT), REGION)
    role = iam.create_role(RoleName="strict", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    worker.may("sts:*")
    with pytest.raises(ClientError, match=f"missing in the trust policy of {role} is"):
        worker.client("sts").assume_role(RoleArn=role, RoleSessionName="tried")


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "action"),
    [
        ("logs", "delete_log_group", {"logGroupName": "any"}, "logs:DeleteLogGroup"),
        ("ssm", "get_parameter", {"Name": "/any"}, "ssm:GetParameter"),
        ("cloudwatch", "delete_alarms", {"AlarmNames": ["any"]}, "cloudwatch:DeleteAlarms"),
    ],
)
def test_every_service_explains_a_denial(
    worker: Worker, service: str, operation: str, arguments: dict[str, Any], action: str
) -> None:
    """Each service's denial names the missing statement, whatever its protocol."""
    worker.may("sqs:*")
    with pytest.raises(ClientError, match=f"to perform: {action} on resource: .*looked at own; missing is"):
        getattr(worker.client(service), operation)(**arguments)
