"""Keys of log groups that CloudWatch Logs may not use: MiniStack accepts them without the correction."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ministack.services import cloudwatch_logs, kms
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.logs.group_keys import KeyNotAllowed
from rehearsal.emulator.ministack.corrections import refusals
from rehearsal.emulator.ministack.patches import correct
from tests.emulator.iam.principals import ACCOUNT, REGION

pytestmark = pytest.mark.usefixtures("as_it_comes")

ROOT = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
LOGS = {
    "Effect": "Allow",
    "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
    "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
    "Resource": "*",
}
CONTEXT = "kms:EncryptionContext:aws:logs:arn"


def group_arn(name: str) -> str:
    return f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"


def limited(name: str) -> dict[str, Any]:
    """Return the user guide's statement for log groups with this name."""
    return {**LOGS, "Condition": {"ArnEquals": {CONTEXT: group_arn(name)}}}


def key(*statements: dict[str, Any]) -> str:
    """Create a key with this policy, and return its ARN."""
    _, _, body = kms._create_key({"Policy": json.dumps({"Version": "2012-10-17", "Statement": list(statements)})})
    return str(json.loads(body)["KeyMetadata"]["Arn"])


def provision(arn: str, name: str = "group") -> str:
    """Create a log group as CloudFormation does, and return its name."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Logs::LogGroup"]
    return str(handlers["create"]("Group", {"LogGroupName": name, "KmsKeyId": arn}, "stack")[0])


def create(arn: str, name: str = "group") -> tuple[int, str]:
    """Return the status and the response of CreateLogGroup."""
    cloudwatch_logs._log_groups.pop(name, None)
    status, _, body = cloudwatch_logs._create_log_group({"logGroupName": name, "kmsKeyId": arn})
    return int(status), body.decode() if isinstance(body, bytes) else str(body)


def test_a_key_that_does_not_let_the_logs_in_is_refused() -> None:
    """The fault: any key, such as CDK's `LogGroup(encryption_key=key)`. Corrected, AWS's error names the group."""
    closed = key(ROOT)
    assert provision(closed) == "group"
    assert create(closed)[0] == 200
    correct(refusals.LOG_GROUP_KEYS)
    refused = f"The specified KMS key does not exist or is not allowed to be used with Arn '{group_arn('group')}'"
    with pytest.raises(KeyNotAllowed, match=refused):
        provision(closed)
    status, body = create(closed)
    assert (status, "AccessDeniedException" in body, refused in body) == (400, True, True)


def test_a_key_that_lets_the_logs_in_is_accepted() -> None:
    """A key with the user guide's statement is accepted, with and without its condition."""
    correct(refusals.LOG_GROUP_KEYS)
    assert provision(key(ROOT, LOGS)) == "group"
    assert provision(key(ROOT, limited("group"))) == "group"
    assert create(key(ROOT, limited("group")))[0] == 200
    assert provision("") == "group"
    with pytest.raises(KeyNotAllowed):
        provision(key(ROOT, limited("group")), "another")


def test_a_key_that_is_not_there_is_refused() -> None:
    """A missing key is rejected."""
    correct(refusals.LOG_GROUP_KEYS)
    with pytest.raises(KeyNotAllowed):
        provision(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/none")


def test_a_changed_key_is_checked_and_one_that_stays_is_not() -> None:
    """An update checks a changed key, and does not check an unchanged one."""
    correct(refusals.LOG_GROUP_KEYS)
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Logs::LogGroup"]
    old, closed = {"LogGroupName": "group", "KmsKeyId": key(ROOT, LOGS)}, key(ROOT)
    provision(old["KmsKeyId"])
    with pytest.raises(KeyNotAllowed):
        handlers["update"]("group", old, {**old, "KmsKeyId": closed}, "stack", "Group")
    kept = {**old, "KmsKeyId": closed}
    assert handlers["update"]("group", kept, {**kept, "RetentionInDays": 7}, "stack", "Group")[0] == "group"
