"""Tags of buckets in templates."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from ministack.services import s3
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.ministack.corrections import stacks
from rehearsal.emulator.ministack.patches import correct
from tests.conftest import Embedded

TAGS = [{"Key": "aws-cdk:auto-delete-objects", "Value": "true"}]


def test_ministacks_buckets_lose_their_tags(as_it_comes: None) -> None:
    """The fault: a bucket has no tags. Then it has those of the template."""
    bucket = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    bucket["create"]("Lost", {"BucketName": "lost-tags", "Tags": TAGS}, "stack")
    assert "lost-tags" not in s3._bucket_tags
    correct(stacks.BUCKET_TAGS)
    bucket["create"]("Kept", {"BucketName": "kept-tags", "Tags": TAGS}, "stack")
    assert s3._bucket_tags["kept-tags"] == {"aws-cdk:auto-delete-objects": "true"}


def test_the_tags_of_a_bucket_follow_its_template(embedded: Embedded) -> None:
    """An update replaces and removes them."""
    name, api = embedded.name("tagged"), embedded.client("s3")

    def deploy(*tags: dict[str, str]) -> None:
        properties: dict[str, Any] = {"BucketName": name, **({"Tags": [*tags]} if tags else {})}
        embedded.stack(name, {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": properties}})

    deploy(*TAGS)
    assert api.get_bucket_tagging(Bucket=name)["TagSet"] == TAGS
    deploy({"Key": "team", "Value": "shop"})
    assert api.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "team", "Value": "shop"}]
    deploy()
    with pytest.raises(ClientError, match="NoSuchTagSet"):
        api.get_bucket_tagging(Bucket=name)
