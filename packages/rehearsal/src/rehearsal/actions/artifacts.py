"""Artifacts in the pipeline's buckets, read and written with an action's credentials."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path

from botocore.exceptions import ClientError

from rehearsal.aws import download_object, root
from rehearsal.engine.action_api import ActionError, Artifact, Task
from rehearsal.engine.endpoint import Credentials
from rehearsal.engine.model.definition import ArtifactStore


def download(task: Task, name: str, credentials: Credentials, zip_file: Path) -> None:
    """Download the input artifact `name`. Raises ActionError where it does not exist or access is denied."""
    artifact = locate_artifact(task, name)
    s3 = task.endpoint.client("s3", credentials, task.region)
    try:
        download_object(s3, artifact.store.bucket, artifact.key, zip_file, artifact.version)
    except ClientError as error:
        where = f"s3://{artifact.store.bucket}/{artifact.key}"
        raise ActionError(f"{task.where}: cannot read artifact {name} ({where}): {error}", "PermissionError") from error


def locate_artifact(task: Task, name: str) -> Artifact:
    """Return the location of the input artifact `name` in the store of the action's region.

    An artifact of another region is copied there first, as CodePipeline does. Raises ActionError.
    Source: AWS CodePipeline user guide, "Add a cross-Region action in CodePipeline".
    """
    if name not in task.action.inputs:
        inputs = ", ".join(task.action.inputs) or "none"
        raise ActionError(
            f"{task.where}: {name} is not an input artifact of this action; its input artifacts: {inputs}"
        )
    artifact = task.artifacts.get(name)
    if artifact is None:
        names = ", ".join(sorted(task.artifacts)) or "none"
        raise ActionError(f"{task.where}: no action has made the artifact {name}; there are {names}")
    store = task.stores(task.region)
    if artifact.store.bucket == store.bucket:
        return artifact
    s3 = task.endpoint.client("s3", root(task.pipeline.account), task.region)
    source = {"Bucket": artifact.store.bucket, "Key": artifact.key}
    answer = s3.copy_object(Bucket=store.bucket, Key=artifact.key, CopySource=source, **_encryption(store))
    return Artifact(store, artifact.key, answer.get("VersionId"))


def new_location(task: Task, name: str) -> Artifact:
    """Return where to write the output artifact `name`: a new key in CodePipeline's form."""
    return Artifact(task.stores(task.region), f"{task.pipeline.name[:20]}/{name[:10]}/{uuid.uuid4().hex[:7]}")


def upload(task: Task, name: str, credentials: Credentials, zip_file: Path) -> Artifact:
    """Upload `zip_file` as the output artifact `name`. Raises ActionError."""
    artifact = new_location(task, name)
    store, key = artifact.store, artifact.key
    s3 = task.endpoint.client("s3", credentials, task.region)
    try:
        with zip_file.open("rb") as body:
            answer = s3.put_object(
                Bucket=store.bucket, Key=key, Body=body, ContentType="application/zip", **_encryption(store)
            )
    except ClientError as error:
        where = f"s3://{store.bucket}/{key}"
        raise ActionError(
            f"{task.where}: cannot write artifact {name} ({where}): {error}", "PermissionError"
        ) from error
    return replace(artifact, version=answer.get("VersionId"))


def _encryption(store: ArtifactStore) -> dict[str, str]:
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": store.key_arn} if store.key_arn else {}


def publish(task: Task, name: str, content: bytes) -> str:
    """Upload `content` to the artifact bucket, as CodePipeline does for another service; return its URL."""
    bucket = task.stores(task.region).bucket
    key = f"{task.pipeline.name[:20]}/{task.execution_id}/{task.stage}/{task.action.name}/{name}"
    s3 = task.endpoint.client("s3", root(task.pipeline.account), task.region)
    s3.put_object(Bucket=bucket, Key=key, Body=content)
    return f"{task.endpoint.url}/{bucket}/{key}"
