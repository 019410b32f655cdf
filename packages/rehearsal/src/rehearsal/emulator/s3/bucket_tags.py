"""Tags of buckets in templates, without which CDK's autoDeleteObjects and BucketDeployment empty no bucket.

Source: CloudFormation template reference, AWS::S3::Bucket, Tags.
"""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.emulator.ministack.port import s3
from rehearsal.json_values import items, text


def keep_tags(bucket: str, properties: Mapping[str, object]) -> None:
    """Give a bucket the tags of its template, in place of those that it has."""
    s3.set_bucket_tags(bucket, {text(tag, "Key"): text(tag, "Value") for tag in items(properties, "Tags")})
