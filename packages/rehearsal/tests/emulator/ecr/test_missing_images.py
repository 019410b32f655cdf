"""Images that do not exist: MiniStack returns an empty list, ECR an error."""

from __future__ import annotations

import json

from ministack.services import ecr

from rehearsal.emulator.ministack.corrections import refusals
from rehearsal.emulator.ministack.patches import correct

QUERY = {"repositoryName": "images", "imageIds": [{"imageTag": "v1"}]}


def test_an_image_that_does_not_exist_is_an_error(as_it_comes: None) -> None:
    """The fault: no error, so that cdk-assets does not build the image and the pipeline is green."""
    ecr._create_repository({"repositoryName": "images"})
    status, _, body = ecr._describe_images(QUERY)
    assert (status, json.loads(body)["imageDetails"]) == (200, [])
    correct(refusals.MISSING_IMAGES)
    status, _, body = ecr._describe_images(QUERY)
    assert (status, json.loads(body)["__type"]) == (400, "ImageNotFoundException")
    assert "imageTag:'v1'} does not exist within the repository with name 'images'" in json.loads(body)["message"]
    assert ecr._describe_images({"repositoryName": "images"})[0] == 200


def test_an_image_that_exists_is_described(as_it_comes: None) -> None:
    """DescribeImages finds an image by its tag; one missing image fails the whole request."""
    ecr._create_repository({"repositoryName": "images"})
    ecr._put_image({"repositoryName": "images", "imageManifest": "{}", "imageTag": "v1"})
    correct(refusals.MISSING_IMAGES)
    status, _, body = ecr._describe_images(QUERY)
    assert (status, json.loads(body)["imageDetails"][0]["imageTags"]) == (200, ["v1"])
    both = {**QUERY, "imageIds": [{"imageTag": "v1"}, {"imageTag": "v2"}]}
    assert ecr._describe_images(both)[0] == 400
