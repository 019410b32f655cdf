"""S3's buckets: their owners, policies, encryption, objects and uploads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from ministack.services import s3

from rehearsal.emulator.ministack.port.requests import Answer, request_scope

S3_NS: str = s3.S3_NS


class ObjectRecord(TypedDict, total=False):
    last_modified: str


class Expiration(TypedDict, total=False):
    Days: int


class NoncurrentVersionExpiration(TypedDict, total=False):
    NoncurrentDays: int


class LifecycleRule(TypedDict, total=False):
    Expiration: Expiration
    Filter: Mapping[str, str]
    NoncurrentVersionExpiration: NoncurrentVersionExpiration
    Prefix: str
    Status: str


class BucketRecord(TypedDict, total=False):
    objects: dict[str, ObjectRecord]
    region: str


def bucket_owner(name: str) -> str | None:
    """Return the account that owns a bucket; None where there is no such bucket."""
    owner: str | None = s3._bucket_owner_account(name)
    return owner


def bucket_record(owner: str, name: str) -> BucketRecord:
    """Return the record of a bucket with its objects; empty where there is none."""
    record: BucketRecord | None = s3._buckets.get_scoped(owner, None, name)
    return record or {}


def bucket_policy(owner: str | None, name: str) -> str:
    """Return the policy of a bucket; empty if it has none."""
    policy: str = s3._bucket_policies.get_scoped(owner, None, name) or ""
    return policy


def blocks_public_policies(name: str) -> bool:
    """Return whether a bucket of the request's account refuses public policies."""
    return bool(s3._public_access_blocked(s3.get_account_id(), name, "BlockPublicPolicy"))


def is_public_policy(policy: str) -> bool:
    """Return whether S3 takes a bucket policy as public."""
    return bool(s3._policy_is_public(policy))


def bucket_encryption(owner: str, name: str) -> str:
    """Return the default encryption of a bucket in the XML of S3's API; empty where it has none."""
    return str(s3._bucket_encryption.get_scoped(owner, None, name) or "")


def set_bucket_encryption(name: str, document: str) -> None:
    """Set the default encryption of a bucket in the request's account."""
    s3._bucket_encryption[name] = document


def set_bucket_tags(name: str, tags: Mapping[str, str]) -> None:
    """Replace the tags of a bucket in the request's account."""
    s3._bucket_tags[name] = dict(tags)
    if not tags:
        del s3._bucket_tags[name]


def bucket_website(owner: str, name: str) -> str:
    """Return the website configuration of a bucket in the XML of S3's API; empty where it has none."""
    return str(s3._bucket_websites.get_scoped(owner, None, name) or "")


def upload_record(owner: str, upload_id: str) -> Mapping[str, object]:
    """Return the record of a multipart upload; empty if there is none."""
    record: Mapping[str, object] = s3._multipart_uploads.get_scoped(owner, None, upload_id) or {}
    return record


def encryption_headers(stored: Mapping[str, object]) -> Mapping[str, str]:
    """Return the headers with the encryption of an object's or upload's record."""
    headers: Mapping[str, str] = s3._stored_sse_headers(dict(stored))
    return headers


def allows_foreign_caller(
    owner: str | None,
    bucket: str,
    key: str,
    *,
    method: str,
    query: Mapping[str, str],
    caller: str,
    headers: Mapping[str, str],
) -> bool:
    """Whether the policy and access control lists of a bucket allow a request from another account, `caller`."""
    return bool(s3._foreign_bucket_allows(owner, bucket, key, method, dict(query), caller, dict(headers)))


def rewrite_policies(rewrite: Callable[[str], str]) -> None:
    """Apply `rewrite` to the JSON text of every bucket's policy, in all accounts."""
    for (account, bucket), policy in s3._bucket_policies.to_dict().items():
        s3._bucket_policies.set_scoped(account, None, bucket, rewrite(policy))


def error_answer(code: str, message: str, status: int) -> Answer:
    answer: Answer = s3._error(code, message, status)
    return answer


@dataclass(frozen=True)
class StoredVersion:
    """An object, or one version of it; version: its id, empty without versioning; modified: time in ISO 8601."""

    key: str
    version: str
    modified: str
    is_current: bool


def lifecycle_rules() -> list[tuple[str, str, Sequence[LifecycleRule]]]:
    """Return account, name and lifecycle rules of each bucket that has such rules."""
    configurations = list(s3._bucket_lifecycle._data.items())
    return [(account, bucket, rules) for (account, bucket), rules in configurations if isinstance(rules, list)]


def stored_versions(owner: str, bucket: str) -> list[StoredVersion]:
    """Return the objects of a bucket with all their versions, without delete markers."""
    objects = {**bucket_record(owner, bucket).get("objects", {})}
    versions = [
        StoredVersion(key, version["version_id"], version["last_modified"], bool(version.get("is_latest")))
        for (account, (name, key)), history in list(s3._object_versions._data.items())
        for version in list(history)
        if (account, name) == (owner, bucket) and not version.get("is_delete_marker")
    ]
    versioned = {version.key for version in versions}
    unversioned = [
        StoredVersion(key, "", record["last_modified"], is_current=True)
        for key, record in objects.items()
        if key not in versioned
    ]
    return [*versions, *unversioned]


def delete_object(owner: str, bucket: str, key: str, version: str = "") -> None:
    """Delete an object, in a versioned bucket by a delete marker; with `version`, delete that version for good."""
    region = str(bucket_record(owner, bucket).get("region") or "us-east-1")
    with request_scope(owner, region):
        s3._delete_object(bucket, key, {}, {"versionId": [version]} if version else {})
