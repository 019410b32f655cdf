"""Resources that the deletion of a stack retains by their deletion policy, and their removal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

import click
from botocore.exceptions import ClientError

from cdk_delivery.cloud_assembly import Template
from cdk_delivery.commands.accounts import Sessions, Target
from cdk_delivery.errors import PipelineError

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import ObjectIdentifierTypeDef

_RETAIN_POLICIES = ("Retain", "RetainExceptOnCreate")


@dataclass(frozen=True)
class RetainedResource:
    """One resource, by its type and its physical id."""

    target: Target
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def resources_to_retain(
    api: CloudFormationClient, target: Target, stack: str, template: Template
) -> Iterator[RetainedResource]:
    """Yield the resources that the deletion of a stack would retain."""
    retained_ids = {
        id_ for id_, resource in template["Resources"].items() if resource.get("DeletionPolicy") in _RETAIN_POLICIES
    }
    for page in api.get_paginator("list_stack_resources").paginate(StackName=stack):
        for summary in page["StackResourceSummaries"]:
            if summary["LogicalResourceId"] in retained_ids:
                yield RetainedResource(
                    target, summary["ResourceType"], summary.get("PhysicalResourceId", summary["LogicalResourceId"])
                )


def leftovers(sessions: Sessions, target: Target, stack: str) -> Iterator[RetainedResource]:
    """Yield the buckets and keys that deleted stacks of this name retained, and that still exist.

    Source: AWS CloudFormation API reference, "ListStacks", "DescribeStackEvents": deleted stacks are kept for 90 days.
    """
    api = sessions.client("cloudformation", target)
    for page in api.get_paginator("list_stacks").paginate(StackStatusFilter=["DELETE_COMPLETE"]):
        for summary in page["StackSummaries"]:
            if summary["StackName"] == stack:
                for kind, name in _skipped_deletions(api, summary["StackId"]):
                    resource = RetainedResource(target, kind, name)
                    if _exists(resource, sessions):
                        yield resource


def _skipped_deletions(api: CloudFormationClient, stack_id: str) -> Iterator[tuple[str, str]]:
    """Yield type and physical id of each resource that the stack's deletion skipped.

    Events come newest first; those before the deletion are ignored, since an update may skip resources too.
    """
    pages = api.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    events = (event for page in pages for event in page["StackEvents"])
    deletion_started = (stack_id, "DELETE_IN_PROGRESS")
    for stack_event in takewhile(
        lambda event: (event.get("PhysicalResourceId"), event["ResourceStatus"]) != deletion_started, events
    ):
        if stack_event["ResourceStatus"] == "DELETE_SKIPPED":
            yield stack_event["ResourceType"], stack_event["PhysicalResourceId"]


def _exists(resource: RetainedResource, sessions: Sessions) -> bool:
    try:
        match resource.kind:
            case "AWS::S3::Bucket":
                sessions.client("s3", resource.target).head_bucket(Bucket=resource.name)
                return True
            case "AWS::KMS::Key":
                key = sessions.client("kms", resource.target).describe_key(KeyId=resource.name)["KeyMetadata"]
                return bool(key["KeyState"] != "PendingDeletion")
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchBucket", "NotFoundException"):
            raise
    return False


def delete_resource(resource: RetainedResource, sessions: Sessions) -> None:
    """Delete a bucket with every version of every object, or schedule a key's deletion; print any other resource."""
    match resource.kind:
        case "AWS::S3::Bucket":
            s3 = sessions.client("s3", resource.target)
            _empty_bucket(s3, resource.name)
            s3.delete_bucket(Bucket=resource.name)
        case "AWS::KMS::Key":
            sessions.client("kms", resource.target).schedule_key_deletion(KeyId=resource.name, PendingWindowInDays=30)
        case _:
            click.echo(f"  {resource} has to be deleted by hand", err=True)


def _empty_bucket(s3: S3Client, bucket: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects: list[ObjectIdentifierTypeDef] = [
            {"Key": version["Key"], "VersionId": version["VersionId"]} for version in versions
        ]
        errors = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects}).get("Errors", []) if objects else []
        if errors:
            first = errors[0]
            raise PipelineError(
                f"{bucket}: {len(errors)} objects are not deleted, {first['Key']} among them: {first['Message']}. Run"
                " `destroy --data` again when that is fixed: it finds what is left"
            )
