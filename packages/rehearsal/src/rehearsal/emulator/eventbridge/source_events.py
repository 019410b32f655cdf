"""Starts of pipelines by uploads and images: polling, and events of S3 and ECR that MiniStack does not send.

Sources: AWS CodePipeline user guide, "Source actions and change detection methods", "Amazon ECR source actions and
EventBridge resources"; Amazon ECR user guide, "Sample events from Amazon ECR"; Amazon S3 user guide, "Amazon S3
CloudTrail events".
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TypedDict

from rehearsal.emulator.codepipeline.operations import CodePipelineApi
from rehearsal.emulator.eventbridge import aws_events
from rehearsal.emulator.ministack.port import ecr, s3
from rehearsal.emulator.ministack.port.requests import Answer, get_account_id, get_region
from rehearsal.emulator.server.api_error import ApiError
from rehearsal.engine.engine import Engine
from rehearsal.engine.model.definition import Action, PipelineKey
from rehearsal.engine.model.triggers import polls

log = logging.getLogger(__name__)

CREATED = "s3:ObjectCreated:"


class ImageRequest(TypedDict, total=False):
    """The member of a request of PutImage that is read here."""

    imageTag: str


class SourceEvents:
    """Starts pipelines and sends events after uploads of objects and images.

    An upload immediately starts a pipeline that polls for the object, where AWS polls every few minutes.
    """

    def __init__(self, api: CodePipelineApi, engine: Engine) -> None:
        self._api, self._engine = api, engine

    def follow_objects(self, fire: Callable[..., None]) -> Callable[..., None]:
        """Return the replacement of the function that sends the events of an object."""

        def fire_and_follow(bucket_name: str, key: str, event_name: str, **details: object) -> None:
            fire(bucket_name, key, event_name, **details)
            sources = [*self._sources_of(bucket_name, key)] if event_name.startswith(CREATED) else []
            if sources:
                threading.Thread(target=self._object_created, args=(bucket_name, key, sources), daemon=True).start()

        return fire_and_follow

    def follow_images(self, put_image: Callable[[ImageRequest], Answer]) -> Callable[[ImageRequest], Answer]:
        """Return the replacement of PutImage; it sends ECR's event for a new image or tag to EventBridge."""

        def put_and_send_event(data: ImageRequest) -> Answer:
            answer = put_image(data)
            if answer[0] < 400:
                image = json.loads(answer[2])["image"]
                _send_image_event(image["repositoryName"], image["imageId"]["imageDigest"], data.get("imageTag"))
            return answer

        return put_and_send_event

    def follow_manifests(self, put_manifest: Callable[..., Answer]) -> Callable[..., Answer]:
        """Return the replacement of the registry's upload of a manifest, by which Docker pushes an image."""

        def put_and_send_event(name: str, ref: str, headers: object, body: object) -> Answer:
            answer = put_manifest(name, ref, headers, body)
            if answer[0] < 400:
                tag = None if ref.startswith("sha256:") else ref
                _send_image_event(name, answer[1]["Docker-Content-Digest"], tag)
            return answer

        return put_and_send_event

    def _sources_of(self, bucket: str, key: str) -> Iterator[tuple[PipelineKey, Action]]:
        """Yield each source action that reads the object, with its pipeline."""
        for pipeline, deployed in list(self._engine.pipelines.items()):
            for action in deployed.pipeline.stages[0].actions:
                settings = action.configuration
                if action.type.provider == "S3" and (settings.get("S3Bucket"), settings.get("S3ObjectKey")) == (
                    bucket,
                    key,
                ):
                    yield pipeline, action

    def _object_created(self, bucket: str, key: str, sources: list[tuple[PipelineKey, Action]]) -> None:
        for pipeline, action in sources:
            if polls(action):
                self._start(pipeline, {"triggerType": "PollForSourceChanges", "triggerDetail": action.name})
        owner = s3.bucket_owner(bucket) or ""
        region = str(s3.bucket_record(owner, bucket).get("region") or "us-east-1")
        aws_events.send(owner, region, _trail_event(bucket, key, region))

    def _start(self, key: PipelineKey, trigger: Mapping[str, str]) -> None:
        """Start a pipeline; an error is only logged, because no caller waits for it."""
        try:
            self._api.start(key.name, key.account, key.region, trigger)
        except ApiError as error:
            log.warning("an upload did not start %s: %s", key.name, error)


def _trail_event(bucket: str, key: str, region: str) -> Mapping[str, object]:
    """Return CloudTrail's event of an upload, by which CDK's S3Trigger.EVENTS starts a pipeline."""
    arn = f"arn:aws:s3:::{bucket}"
    detail = {
        "eventSource": "s3.amazonaws.com",
        "eventName": "PutObject",
        "awsRegion": region,
        "requestParameters": {"bucketName": bucket, "key": key},
        "resources": [{"type": "AWS::S3::Object", "ARN": f"{arn}/{key}"}, {"type": "AWS::S3::Bucket", "ARN": arn}],
    }
    return {
        "Source": "aws.s3",
        "DetailType": "AWS API Call via CloudTrail",
        "Detail": json.dumps(detail),
        "Resources": [arn],
    }


def _send_image_event(repository: str, digest: str, tag: str | None) -> None:
    account, region = get_account_id(), get_region()
    detail = {"result": "SUCCESS", "repository-name": repository, "image-digest": digest, "action-type": "PUSH"}
    event = {
        "Source": "aws.ecr",
        "DetailType": "ECR Image Action",
        "Detail": json.dumps({**detail, "image-tag": tag} if tag else detail),
        "Resources": [ecr.repository_arn(repository)],
    }
    threading.Thread(target=aws_events.send, args=(account, region, event), daemon=True).start()
