"""Public policies and access control lists of a stack's buckets: MiniStack stores them, S3 refuses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ministack.services import s3
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.ministack.corrections import refusals
from rehearsal.emulator.ministack.patches import correct
from rehearsal.emulator.s3.public_access import BucketProperties, check_acl
from tests.conftest import Embedded

READ: Mapping[str, object] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::site/*"}
EVERYBODY = {**READ, "Principal": "*"}
OPEN = {"BlockPublicAcls": False, "BlockPublicPolicy": False}
WRITER: Any = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}


@pytest.mark.usefixtures("as_it_comes")
def test_ministack_stores_a_public_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault: a stack makes a new bucket public. Corrected, the policy fails, and the error names the setting."""
    monkeypatch.setattr("ministack.app.AUTH", True)
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::S3::Bucket"]["create"]("Bucket", {"BucketName": "site"}, "stack")
    properties = {"Bucket": "site", "PolicyDocument": {"Statement": [EVERYBODY]}}
    handlers["AWS::S3::BucketPolicy"]["create"]("Policy", properties, "stack")
    assert "site" in s3._bucket_policies
    correct(refusals.PUBLIC_BUCKETS)
    with pytest.raises(ValueError, match=r"prevented by the BlockPublicPolicy setting.*BlockPublicPolicy: false"):
        handlers["AWS::S3::BucketPolicy"]["create"]("Policy", properties, "stack")


@pytest.mark.parametrize(
    ("bucket", "statement", "status"),
    [
        ({}, EVERYBODY, "ROLLBACK_COMPLETE"),
        ({"PublicAccessBlockConfiguration": OPEN}, EVERYBODY, "CREATE_COMPLETE"),
        ({}, {**EVERYBODY, "Effect": "Deny"}, "CREATE_COMPLETE"),
        ({}, {**READ, "Principal": {"Service": "cloudfront.amazonaws.com"}}, "CREATE_COMPLETE"),
        ({"AccessControl": "PublicRead"}, {**EVERYBODY, "Effect": "Deny"}, "ROLLBACK_COMPLETE"),
    ],
)
def test_a_bucket_is_public_only_where_it_allows_it(
    enforced: Embedded, bucket: Mapping[str, object], statement: Mapping[str, object], status: str
) -> None:
    """A stack with a public policy or list fails by default; the bucket's own settings allow it."""
    name = enforced.name("site")
    statement = {**statement, "Resource": f"arn:aws:s3:::{name}/*"}
    policy = {"Bucket": {"Ref": "Site"}, "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    resources = {
        "Site": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name, **bucket}},
        "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": policy},
    }
    assert enforced.stack(enforced.name("stack"), resources)["StackStatus"] == status


def refusal(properties: BucketProperties) -> str:
    """The code of the error for a bucket's access control list; empty without an error."""
    try:
        check_acl(properties)
    except ValueError as error:
        return str(error).partition("Error Code: ")[2]
    return ""


@pytest.mark.parametrize(
    ("properties", "error"),
    [
        ({}, ""),
        ({"AccessControl": "Private"}, ""),
        ({"AccessControl": "LogDeliveryWrite"}, "InvalidBucketAclWithObjectOwnership"),
        ({"AccessControl": "LogDeliveryWrite", "OwnershipControls": WRITER}, ""),
        ({"AccessControl": "PublicRead", "OwnershipControls": WRITER}, "InvalidBucketAclWithBlockPublicAccessError"),
        ({"AccessControl": "PublicRead", "OwnershipControls": WRITER, "PublicAccessBlockConfiguration": OPEN}, ""),
        (
            {"AccessControl": "PublicRead", "PublicAccessBlockConfiguration": OPEN},
            "InvalidBucketAclWithObjectOwnership",
        ),
    ],
)
def test_access_control_lists_need_the_buckets_settings(properties: BucketProperties, error: str) -> None:
    """A list other than Private needs ownership controls; a public one needs public access as well."""
    assert refusal(properties).partition(")")[0] == error
