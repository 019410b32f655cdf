"""EventBridge rules that start a pipeline, also those that CDK writes, and rejected starts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.actions.conftest import zipped
from tests.conftest import ACCOUNT, REGION, ROLE, Embedded

pytestmark = pytest.mark.slow

Json = dict[str, Any]


@dataclass(frozen=True)
class Started:
    """A pipeline that deploys an object of a bucket to another key of the bucket."""

    embedded: Embedded
    bucket: str
    name: str

    def upload(self, text: str = "any") -> str:
        """Write the source object, and return its version."""
        body = zipped({"file": text})
        written = self.embedded.client("s3").put_object(Bucket=self.bucket, Key="source.zip", Body=body)
        return str(written["VersionId"])

    def rule(self, **target: Any) -> str:
        """Create a rule that starts the pipeline for events of a test source, and return that source."""
        source, name, events = self.embedded.name("tests"), self.embedded.name("rule"), self.embedded.client("events")
        events.put_rule(Name=name, EventPattern=json.dumps({"source": [source]}))
        arn = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:{self.name}"
        events.put_targets(Rule=name, Targets=[{"Id": "pipeline", "Arn": arn, **target}])
        return source

    def send(self, source: str, **detail: str) -> None:
        entry = {"Source": source, "DetailType": "any", "Detail": json.dumps(detail)}
        self.embedded.client("events").put_events(Entries=[entry])

    def executions(self) -> list[Json]:
        """Return the executions, newest first, without the one that the creation started."""
        found = self.embedded.client("codepipeline").list_pipeline_executions(pipelineName=self.name)
        return list(found["pipelineExecutionSummaries"][:-1])

    def ended(self) -> Json:
        """Return the newest execution once it has ended."""
        newest = self.executions()[0]
        self.embedded.ended(self.name, newest["pipelineExecutionId"])
        return self.executions()[0]


def tiny(bucket: str) -> Json:
    """Return the properties of the pipeline for CloudFormation."""
    kind = {"Owner": "AWS", "Version": "1", "Provider": "S3"}
    source = {
        "Name": "Source",
        "ActionTypeId": {**kind, "Category": "Source"},
        "Configuration": {"S3Bucket": bucket, "S3ObjectKey": "source.zip", "PollForSourceChanges": "false"},
        "OutputArtifacts": [{"Name": "Code"}],
    }
    deploy = {
        "Name": "Deploy",
        "ActionTypeId": {**kind, "Category": "Deploy"},
        "Configuration": {"BucketName": bucket, "Extract": "false", "ObjectKey": "#{variables.Key}"},
        "InputArtifacts": [{"Name": "Code"}],
    }
    return {
        "RoleArn": ROLE,
        "PipelineType": "V2",
        "Variables": [{"Name": "Key", "DefaultValue": "deployed.zip"}],
        "ArtifactStore": {"Type": "S3", "Location": bucket},
        "Stages": [{"Name": "Source", "Actions": [source]}, {"Name": "Next", "Actions": [deploy]}],
    }


def deployed(embedded: Embedded, resources: Mapping[str, Json], id_: str) -> Started:
    """Deploy the pipeline under the logical id `id_`, with these additional resources."""
    bucket, stack = embedded.bucket(), embedded.name("stack")
    text = json.dumps(resources).replace("source-bucket", bucket)
    pipeline = {id_: {"Type": "AWS::CodePipeline::Pipeline", "Properties": tiny(bucket)}}
    assert embedded.stack(stack, {**json.loads(text), **pipeline})["StackStatus"] == "CREATE_COMPLETE"
    made = embedded.client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=id_)
    started = Started(embedded, bucket, made["StackResourceDetail"]["PhysicalResourceId"])
    embedded.ended(started.name, embedded.first(started.name))
    return started


@pytest.fixture
def started(embedded: Embedded) -> Started:
    return deployed(embedded, {}, "Pipeline")


def test_an_upload_starts_the_pipeline_by_a_rule_that_cdk_wrote(embedded: Embedded) -> None:
    """An upload starts the pipeline through CDK's rule and its role; another object does not."""
    rules: dict[str, Json] = json.loads(Path(__file__).with_name("rule_of_an_s3_source.json").read_text())
    assert len(rules) == 3, "a rule, its role, and the role's policy"
    pipeline = deployed(embedded, rules, "Pipeline")
    embedded.client("s3").put_bucket_notification_configuration(
        Bucket=pipeline.bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    embedded.client("s3").put_object(Bucket=pipeline.bucket, Key="other.zip", Body=b"")
    assert pipeline.executions() == []
    version = pipeline.upload()
    execution = pipeline.ended()
    assert (execution["status"], execution["trigger"]["triggerType"]) == ("Succeeded", "CloudWatchEvent")
    assert ":rule/" in execution["trigger"]["triggerDetail"]
    assert execution["sourceRevisions"][0]["revisionId"] == version


def test_the_targets_input_names_revision_and_variables(started: Started, embedded: Embedded) -> None:
    """An input transformer can set the source revision and the variables from the event."""
    old, _ = started.upload("old"), started.upload("new")
    given = (
        '{"sourceRevisions": [{"actionName": "Source", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": '
        '<version>}], "variables": [{"name": "Key", "value": "by-event.zip"}]}'
    )
    transformer = {"InputPathsMap": {"version": "$.detail.version"}, "InputTemplate": given}
    started.send(started.rule(RoleArn=ROLE, InputTransformer=transformer), version=old)
    execution = started.ended()
    assert (execution["status"], execution["sourceRevisions"][0]["revisionId"]) == ("Succeeded", old)
    assert embedded.client("s3").head_object(Bucket=started.bucket, Key="by-event.zip")


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({}, "has no RoleArn"),
        ({"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/nobody"}, "there is no such role"),
        ({"RoleArn": ROLE, "Input": '"text"'}, "is not a JSON object"),
        ({"RoleArn": ROLE, "Input": '{"variables": [{"name": "Lost", "value": "x"}]}'}, "has no variable Lost"),
        ({"RoleArn": ROLE, "Input": '{"sourceRevisions": {}}'}, "sourceRevisions"),
    ],
)
def test_a_rejected_start_is_logged(started: Started, embedded: Embedded, target: Json, words: str) -> None:
    """A rejected start leaves no execution, and the emulator's log has the reason."""
    started.send(started.rule(**target))
    assert started.executions() == []
    log = (embedded.workspace.logs / "emulator.log").read_text()
    assert any(started.name in line and words in line for line in log.splitlines())
