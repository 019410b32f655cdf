"""The embedded AWS of a rehearsal, and resources for these tests' pipelines."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rehearsal.aws import Endpoint
from rehearsal.emulator.server import launcher
from rehearsal.workspace.layout import Workspace

Json = dict[str, Any]


@contextlib.contextmanager
def embedded_aws(folder: Path) -> Iterator[Endpoint]:
    """Run an embedded AWS that enforces IAM, for a project in this folder."""
    (folder / "cdk.json").write_text("{}")
    space = Workspace(folder)
    space.make()
    with launcher.join_or_start(space, iam=True) as running:
        yield running


def create_source(s3: Any, bucket: str, region: str, environment: str) -> None:
    """Create a versioned bucket whose source.zip has the changes of an environment."""
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    source = io.BytesIO()
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("changes.md", f"# {environment}: what would change\n\n### Broadens\n\n- everything\n")
    s3.put_object(Bucket=bucket, Key="source.zip", Body=source.getvalue())


def create_role(iam: Any, name: str, principal: Json, actions: str) -> None:
    """Create a role that may do `actions` on everything."""
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    allowed = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=policy)


def action(category: str, provider: str, name: str, **configuration: str) -> Json:
    """Return an action of a pipeline's definition."""
    type_ = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": type_, "configuration": configuration}
