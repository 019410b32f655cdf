"""Content of sources in S3 and ECR: the working tree as a zip file, and an image with a digest for each commit.

Sources: AWS CodePipeline user guide, "Amazon S3 source action reference", "Amazon ECR source action reference".
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from botocore.exceptions import ClientError

from rehearsal.aws import root
from rehearsal.deploy.deployment import Deployment
from rehearsal.engine.model.definition import Action, Pipeline
from rehearsal.errors import WrongUse

PROVIDERS = ("S3", "ECR")
LATEST = "latest"
# Rules and polling start a pipeline after about 0.1 s here. CodePipeline's API has no call that waits for that, and the
# engine is in another process.
START_SECONDS = 5.0
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@dataclass(frozen=True)
class Content:
    """Content for a source: the id of a commit, and a function that writes its files to a zip file."""

    commit: str
    write_zip: Callable[[Path], None]


def object_sources(pipeline: Pipeline, named: Iterable[str]) -> list[Action]:
    """Return the sources in S3 and ECR to write to: the only source of a pipeline, and those in `named`."""
    sources, names = pipeline.stages[0].actions, set(named)
    return [
        source
        for source in sources
        if source.type.provider in PROVIDERS and (len(sources) == 1 or source.name in names)
    ]


def put(deployed: Deployment, sources: Iterable[tuple[Action, Content]]) -> str | None:
    """Write each source, and return the newest execution that this starts, by polling or an EventBridge rule.

    None where no execution starts within START_SECONDS. Raises WrongUse where the bucket or the repository does not
    exist.
    """
    known = set(_executions(deployed))
    for action, content in sources:
        (_put_object if action.type.provider == "S3" else _put_image)(deployed, action, content)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if started := [execution for execution in _executions(deployed) if execution not in known]:
            return started[0]
        time.sleep(0.05)
    return None


def describe(action: Action) -> str:
    """Return the S3 URL, or the image with its tag, that a source reads."""
    settings = action.configuration
    if action.type.provider == "S3":
        return f"s3://{settings.get('S3Bucket')}/{settings.get('S3ObjectKey')}"
    return f"{settings.get('RepositoryName')}:{settings.get('ImageTag') or LATEST}"


def not_started_reason(sources: Iterable[Action]) -> str:
    """Return why writing the sources started no execution, for a message."""
    reason = "does not poll, and no rule of EventBridge has taken the upload"
    return "; ".join(f"{source.name} {reason}" for source in sources)


def _executions(deployed: Deployment) -> list[str]:
    """Return the ids of the pipeline's executions, newest first."""
    listed = deployed.api().list_pipeline_executions(pipelineName=deployed.key.name)["pipelineExecutionSummaries"]
    return [execution["pipelineExecutionId"] for execution in listed]


def _put_object(deployed: Deployment, action: Action, content: Content) -> None:
    settings = action.configuration
    with TemporaryDirectory() as folder:
        zip_file = Path(folder) / "source.zip"
        content.write_zip(zip_file)
        with zip_file.open("rb") as body:
            location = {"Bucket": settings["S3Bucket"], "Key": settings["S3ObjectKey"]}
            _write(action, _client(deployed, action, "s3").put_object, **location, Body=body)


def _put_image(deployed: Deployment, action: Action, content: Content) -> None:
    """Put an image without layers; its configuration's digest depends on the commit, so that each commit has one."""
    digest = f"sha256:{hashlib.sha256(content.commit.encode()).hexdigest()}"
    configuration = {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 0, "digest": digest}
    manifest = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": configuration, "layers": []}
    _write(
        action,
        _client(deployed, action, "ecr").put_image,
        repositoryName=action.configuration["RepositoryName"],
        imageTag=action.configuration.get("ImageTag") or LATEST,
        imageManifest=json.dumps(manifest),
        imageManifestMediaType=_MANIFEST,
    )


def _client(deployed: Deployment, action: Action, service: str) -> Any:
    return deployed.endpoint.client(service, root(deployed.key.account), action.region or deployed.key.region)


def _write(action: Action, operation: Callable[..., object], **request: object) -> None:
    try:
        operation(**request)
    except ClientError as error:
        hint = "a stack of the app or [[prepare]] in rehearsal.toml has to create it first"
        raise WrongUse(
            f"the source {action.name} reads {describe(action)}, which cannot be written: {error}; {hint}"
        ) from error
