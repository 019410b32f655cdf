"""Expiry of objects by lifecycle rules, on the rehearsal's clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rehearsal.emulator.server import launcher
from rehearsal.workspace.clock import Clock
from rehearsal.workspace.layout import Workspace
from tests.conftest import Embedded

DAY = 86400.0


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """An embedded AWS whose clock only the tests of this module move."""
    workspace = Workspace(tmp_path_factory.mktemp("expiry"))
    with launcher.join_or_start(workspace, iam=False) as endpoint:
        yield Embedded(endpoint, workspace)


def stored(embedded: Embedded, rule: dict[str, Any], *, versions: bool) -> str:
    """Return a bucket with a lifecycle rule and the objects a/1 and b/1."""
    api, name = embedded.client("s3"), embedded.bucket()
    api.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled" if versions else "Suspended"})
    rules = [{"ID": "one", "Status": "Enabled", **rule}]
    api.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    for key in ("a/1", "b/1"):
        api.put_object(Bucket=name, Key=key, Body=key)
    return name


def keys(embedded: Embedded, bucket: str) -> list[str]:
    return [entry["Key"] for entry in embedded.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_an_object_expires_after_its_days(embedded: Embedded) -> None:
    """An object that matches the rule expires after its days, and not a day earlier."""
    bucket = stored(embedded, {"Filter": {"Prefix": "a/"}, "Expiration": {"Days": 30}}, versions=False)
    clock = Clock(embedded.workspace.clock)
    clock.advance(29 * DAY)
    clock.advance(3600)
    assert keys(embedded, bucket) == ["a/1", "b/1"]
    clock.advance(DAY)
    embedded.reached(lambda: keys(embedded, bucket) == ["b/1"])


def test_a_version_is_kept_until_its_own_days_are_over(embedded: Embedded) -> None:
    """An expired object is removed first, and its noncurrent version later, as for a pipeline's artifacts."""
    rule = {"Filter": {"Prefix": ""}, "Expiration": {"Days": 400}}
    bucket = stored(embedded, {**rule, "NoncurrentVersionExpiration": {"NoncurrentDays": 30}}, versions=True)
    api, clock = embedded.client("s3"), Clock(embedded.workspace.clock)
    version = api.head_object(Bucket=bucket, Key="a/1")["VersionId"]
    clock.advance(401 * DAY)
    embedded.reached(lambda: keys(embedded, bucket) == [])
    assert api.get_object(Bucket=bucket, Key="a/1", VersionId=version)["Body"].read() == b"a/1"
    clock.advance(30 * DAY)
    embedded.reached(lambda: not _exists(api, bucket, version))


def _exists(api: Any, bucket: str, version: str) -> bool:
    try:
        api.head_object(Bucket=bucket, Key="a/1", VersionId=version)
    except ClientError:
        return False
    return True


def test_a_rule_that_is_disabled_expires_nothing(embedded: Embedded) -> None:
    """A disabled rule, and a rule that filters by tags, expire nothing."""
    bucket = stored(
        embedded, {"Filter": {"Prefix": ""}, "Status": "Disabled", "Expiration": {"Days": 1}}, versions=False
    )
    tagged = stored(
        embedded, {"Filter": {"Tag": {"Key": "a", "Value": "b"}}, "Expiration": {"Days": 1}}, versions=False
    )
    marker = stored(embedded, {"Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}, versions=False)
    Clock(embedded.workspace.clock).advance(2 * DAY)
    embedded.reached(lambda: keys(embedded, marker) == [])
    assert (keys(embedded, bucket), keys(embedded, tagged)) == (["a/1", "b/1"], ["a/1", "b/1"])
