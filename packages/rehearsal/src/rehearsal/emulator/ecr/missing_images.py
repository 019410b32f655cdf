"""DescribeImages of an image that does not exist: MiniStack returns an empty list, ECR an error.

cdk-assets skips an image that it finds in the repository, so that it would never be built.
Source: Amazon ECR API reference, "DescribeImages", ImageNotFoundException.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict

from rehearsal.emulator.ministack.port.requests import Answer, error_response_json, get_account_id

ImageId = Mapping[str, str]


class ImageQuery(TypedDict, total=False):
    """The request. imageIds: tags or digests of images; without them, all images are described."""

    repositoryName: str
    imageIds: Sequence[ImageId]


Describe = Callable[[ImageQuery], Answer]


def refuse_missing_images(describe: Describe) -> Describe:
    """Return the replacement of DescribeImages."""

    def describe_images(query: ImageQuery) -> Answer:
        for image in query.get("imageIds") or ():
            answer = describe({**query, "imageIds": [image]})
            if answer[0] == 200 and not json.loads(answer[2])["imageDetails"]:
                return error_response_json("ImageNotFoundException", _message(query, image), 400)
        return describe(query)

    return describe_images


def _message(query: ImageQuery, image: ImageId) -> str:
    digest, tag = image.get("imageDigest", "null"), image.get("imageTag", "null")
    return (
        f"The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist within the repository with"
        f" name '{query.get('repositoryName')}' in the registry with id '{get_account_id()}'"
    )
