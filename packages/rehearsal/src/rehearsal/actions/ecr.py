"""Source/ECR: the artifact describes an image in the embedded registry.

Sources: AWS CodePipeline user guide, "Amazon ECR source action reference" and "imageDetail.json file for Amazon ECS
blue/green deployment actions"; CodePipeline API reference, SourceRevisionOverride.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from rehearsal.actions.artifacts import upload
from rehearsal.actions.aws_errors import action_error
from rehearsal.engine.action_api import ActionError, Outcome, Revision, Task

if TYPE_CHECKING:
    from types_boto3_ecr import ECRClient
    from types_boto3_ecr.type_defs import ImageDetailTypeDef, ImageIdentifierTypeDef

LATEST = "latest"
FILE = "imageDetail.json"


class FetchImage:
    """Creates an artifact with imageDetail.json; it does not read the image's layers, which need not exist."""

    def run(self, task: Task) -> Outcome:
        repository, tag = task.setting("RepositoryName"), task.action.configuration.get("ImageTag") or LATEST
        credentials = task.credentials()
        image = _describe(task, task.endpoint.client("ecr", credentials, task.region), repository, tag)
        digest, registry = image["imageDigest"], image["registryId"]
        uri = f"{registry}.dkr.ecr.{task.region}.amazonaws.com/{repository}@{digest}"
        zip_file = task.folder / "source.zip"
        with zipfile.ZipFile(zip_file, "w") as archive:
            archive.writestr(FILE, json.dumps(_detail(image, uri)))
        (output,) = task.action.outputs
        return Outcome(
            failed=False,
            summary=uri,
            variables={
                "ImageDigest": digest,
                "ImageTag": tag,
                "ImageURI": uri,
                "RegistryId": registry,
                "RepositoryName": repository,
            },
            outputs={output: upload(task, output, credentials, zip_file)},
            revision=Revision(task.action.name, digest, uri),
            external_id=digest,
        )


def _describe(task: Task, api: ECRClient, repository: str, tag: str) -> ImageDetailTypeDef:
    """Return the image with the digest from the execution's start, else the one with the tag. Raises ActionError."""
    digest = task.requested_revisions.get("IMAGE_DIGEST")
    image_id: ImageIdentifierTypeDef = {"imageDigest": digest} if digest else {"imageTag": tag}
    try:
        images = api.describe_images(repositoryName=repository, imageIds=[image_id])["imageDetails"]
    except api.exceptions.ImageNotFoundException as error:
        message = f"{task.where}: the repository {repository} has no image {digest or tag}: push one first"
        raise ActionError(message) from error
    except ClientError as error:
        raise action_error(f"{task.where}: cannot read the repository {repository}: {error}", error) from error
    return images[0]


def _detail(image: ImageDetailTypeDef, uri: str) -> Mapping[str, object]:
    return {
        "ImageSizeInBytes": str(image["imageSizeInBytes"]),
        "ImageDigest": image["imageDigest"],
        "Version": "1.0",
        "ImagePushedAt": f"{image['imagePushedAt']:%a %b %d %H:%M:%S UTC %Y}",
        "RegistryId": image["registryId"],
        "RepositoryName": image["repositoryName"],
        "ImageURI": uri,
        "ImageTags": image.get("imageTags", []),
    }
