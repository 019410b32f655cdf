"""Reads of objects in other accounts' buckets by services for their caller: templates, code of functions."""

from __future__ import annotations

from collections.abc import Callable

from rehearsal.emulator.ministack.port.requests import get_account_id, get_region, request_scope
from rehearsal.emulator.ministack.port.s3 import bucket_owner

Read = Callable[..., bytes | None]


def read_as_owner(original: Read) -> Read:
    """Return the replacement of the function that reads an object; MiniStack's reads only the caller's account.

    The caller's permission is checked before. Source: AWS CloudFormation API reference, CreateChangeSet, TemplateURL.
    """

    def get_object_data(bucket: str, key: str, version_id: str | None = None) -> bytes | None:
        owner = bucket_owner(bucket)
        if owner is None or owner == get_account_id():
            return original(bucket, key, version_id)
        with request_scope(owner, get_region()):
            return original(bucket, key, version_id)

    return get_object_data
