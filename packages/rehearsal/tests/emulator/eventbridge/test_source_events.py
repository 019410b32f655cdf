"""Starts by changed source objects and images: polling, and events of S3 and ECR."""

from __future__ import annotations

import json
import queue
from typing import Any
from unittest.mock import Mock

import pytest
from ministack.services import ecr, eventbridge

from rehearsal.emulator.eventbridge.source_events import SourceEvents
from rehearsal.emulator.ministack.corrections import services
from rehearsal.emulator.ministack.patches import correct
from tests.conftest import ACCOUNT, REGION, ROLE, Embedded
from tests.emulator.eventbridge.test_pipeline_targets import Started, tiny

Json = dict[str, Any]

TRAIL = "AWS API Call via CloudTrail"


def deployed(embedded: Embedded, **configuration: str) -> Started:
    """Deploy a pipeline whose S3 source has this configuration, and wait for its first execution."""
    bucket, name = embedded.bucket(), embedded.name("pipeline")
    properties = {**tiny(bucket), "Name": name}
    source = properties["Stages"][0]["Actions"][0]
    source["Configuration"] = {"S3Bucket": bucket, "S3ObjectKey": "source.zip", **configuration}
    pipeline = {"Pipeline": {"Type": "AWS::CodePipeline::Pipeline", "Properties": properties}}
    assert embedded.stack(embedded.name("stack"), pipeline)["StackStatus"] == "CREATE_COMPLETE"
    embedded.ended(name, embedded.first(name))
    return Started(embedded, bucket, name)


@pytest.mark.usefixtures("as_it_comes")
def test_ministack_sends_no_event_for_an_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault: PutImage sends no event. Corrected, EventBridge gets ECR's event with the digest."""
    events = queue.SimpleQueue[Json]()
    monkeypatch.setattr(eventbridge, "_dispatch_event", lambda event, *_: events.put(event))
    image = {"repositoryName": "of-ministack", "imageManifest": "{}", "imageTag": "latest"}
    ecr._create_repository({"repositoryName": "of-ministack"})
    ecr._put_image(image)
    assert events.empty()
    correct(services.SOURCE_EVENTS, owners=[SourceEvents(Mock(), Mock())])
    _, _, answer = ecr._put_image(image)
    detail = json.loads(events.get(timeout=10)["Detail"])
    digest = json.loads(answer)["image"]["imageId"]["imageDigest"]
    assert (detail["image-digest"], detail["image-tag"], detail["action-type"]) == (digest, "latest", "PUSH")


def test_an_upload_starts_a_pipeline_that_polls(embedded: Embedded) -> None:
    """An upload starts a polling pipeline, which is the default.

    Another object does not start it, and an upload does not start a pipeline that does not poll.
    """
    polling, quiet = deployed(embedded), deployed(embedded, PollForSourceChanges="false")
    embedded.client("s3").put_object(Bucket=polling.bucket, Key="other.zip", Body=b"")
    quiet.upload()
    version = polling.upload()
    embedded.reached(lambda: bool(polling.executions()))
    execution = polling.ended()
    assert (execution["status"], execution["sourceRevisions"][0]["revisionId"]) == ("Succeeded", version)
    assert execution["trigger"] == {"triggerType": "PollForSourceChanges", "triggerDetail": "Source"}
    assert (len(polling.executions()), quiet.executions()) == (1, [])


def test_an_upload_starts_a_pipeline_by_a_rule_on_cloudtrail(embedded: Embedded) -> None:
    """An upload starts a pipeline through a rule on CloudTrail, as CDK writes it for S3Trigger.EVENTS."""
    pipeline = deployed(embedded, PollForSourceChanges="false")
    detail = {
        "eventSource": ["s3.amazonaws.com"],
        "eventName": ["CompleteMultipartUpload", "CopyObject", "PutObject"],
        "resources": {"ARN": [f"arn:aws:s3:::{pipeline.bucket}/source.zip"]},
        "requestParameters": {"bucketName": [pipeline.bucket], "key": ["source.zip"]},
    }
    rule(embedded, pipeline.name, {"source": ["aws.s3"], "detail-type": [TRAIL], "detail": detail})
    pipeline.upload()
    embedded.reached(lambda: bool(pipeline.executions()))
    assert pipeline.ended()["trigger"]["triggerType"] == "CloudWatchEvent"


def rule(embedded: Embedded, pipeline: str, pattern: Json) -> None:
    """Create a rule that starts the pipeline."""
    events, name = embedded.client("events"), embedded.name("rule")
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    arn = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:{pipeline}"
    events.put_targets(Rule=name, Targets=[{"Id": "pipeline", "Arn": arn, "RoleArn": ROLE}])


def image_pipeline(embedded: Embedded, **configuration: str) -> tuple[str, str]:
    """Create a repository and a pipeline whose source is its image, and return both names."""
    repository, bucket, name = embedded.name("repository"), embedded.bucket(), embedded.name("pipeline")
    embedded.client("ecr").create_repository(repositoryName=repository)
    properties = {**tiny(bucket), "Name": name}
    source = properties["Stages"][0]["Actions"][0]
    source["ActionTypeId"]["Provider"] = "ECR"
    source["Configuration"] = {"RepositoryName": repository, **configuration}
    source["Namespace"] = "Source"
    pipeline = {"Pipeline": {"Type": "AWS::CodePipeline::Pipeline", "Properties": properties}}
    assert embedded.stack(embedded.name("stack"), pipeline)["StackStatus"] == "CREATE_COMPLETE"
    return repository, name


def test_a_new_image_starts_a_pipeline_and_is_described(embedded: Embedded) -> None:
    """A new image starts the pipeline through CDK's rule; the revision and the variables have its digest and URI."""
    repository, name = image_pipeline(embedded)
    first = embedded.ended(name, embedded.first(name))
    assert (first["status"], first["artifactRevisions"]) == ("Failed", [])
    detail = {"result": ["SUCCESS"], "repository-name": [repository], "image-tag": ["latest"], "action-type": ["PUSH"]}
    rule(embedded, name, {"source": ["aws.ecr"], "detail-type": ["ECR Image Action"], "detail": detail})
    put = embedded.client("ecr").put_image(repositoryName=repository, imageManifest='{"a": 1}', imageTag="latest")
    digest = put["image"]["imageId"]["imageDigest"]
    api = embedded.client("codepipeline")
    embedded.reached(lambda: len(api.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]) == 2)
    newest = api.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"][0]["pipelineExecutionId"]
    ended = embedded.ended(name, newest)
    assert (ended["status"], ended["artifactRevisions"][0]["revisionId"]) == ("Succeeded", digest)
    uri = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{repository}@{digest}"
    variables = embedded.actions(name, newest)["Source"]["output"]["outputVariables"]
    assert variables == {
        "ImageDigest": digest,
        "ImageTag": "latest",
        "ImageURI": uri,
        "RegistryId": ACCOUNT,
        "RepositoryName": repository,
    }


def test_an_image_that_is_not_there_fails_the_source(embedded: Embedded) -> None:
    """A missing image fails the source action; the message names repository and tag."""
    repository, name = image_pipeline(embedded, ImageTag="v1")
    execution = embedded.first(name)
    assert embedded.ended(name, execution)["status"] == "Failed"
    result = embedded.actions(name, execution)["Source"]["output"]["executionResult"]
    assert f"the repository {repository} has no image v1" in result["externalExecutionSummary"]
