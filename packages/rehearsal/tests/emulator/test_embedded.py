"""CodePipeline in the embedded AWS: deployed by CloudFormation, called by boto3, with EventBridge and SNS."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conftest import ACCOUNT, ROLE, Embedded

pytestmark = pytest.mark.slow


def deployed(embedded: Embedded, stack: str, *actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Deploy a pipeline with a source from a missing bucket and these actions, and return the stack's description."""
    bucket = more.pop("bucket", "no-bucket")
    source = {
        "Name": "Source",
        "ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": "S3", "Version": "1"},
        "Configuration": {"S3Bucket": bucket, "S3ObjectKey": "source.zip"},
        "OutputArtifacts": [{"Name": "Code"}],
    }
    properties = {
        "RoleArn": ROLE,
        "PipelineType": "V2",
        "ArtifactStore": {"Type": "S3", "Location": bucket},
        "Stages": [{"Name": "Source", "Actions": [source]}, {"Name": "Next", "Actions": list(actions or [approval()])}],
        **more,
    }
    resources = {"Pipeline": {"Type": "AWS::CodePipeline::Pipeline", "Properties": properties}}
    return embedded.stack(stack, resources, Name={"Ref": "Pipeline"}, Version={"Fn::GetAtt": ["Pipeline", "Version"]})


def approval(**configuration: str) -> dict[str, Any]:
    kind = {"Category": "Approval", "Owner": "AWS", "Provider": "Manual", "Version": "1"}
    return {"Name": "Ask", "ActionTypeId": kind, "Configuration": configuration}


def outputs(stack: dict[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def test_cloudformation_creates_updates_and_deletes_a_pipeline(embedded: Embedded) -> None:
    """CloudFormation updates a pipeline in place, which increments its version, and deletes it."""
    api, name = embedded.client("codepipeline"), embedded.name("stack")
    pipeline = outputs(deployed(embedded, name))["Name"]
    assert api.get_pipeline(name=pipeline)["pipeline"]["stages"][1]["actions"][0]["name"] == "Ask"
    updated = deployed(embedded, name, approval(CustomData="look"))
    assert (outputs(updated)["Name"], api.get_pipeline(name=pipeline)["pipeline"]["version"]) == (pipeline, 2)
    cloudformation = embedded.client("cloudformation")
    cloudformation.delete_stack(StackName=name)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})
    with pytest.raises(ClientError, match="PipelineNotFoundException"):
        api.get_pipeline(name=pipeline)


def test_a_pipeline_that_cloudformation_creates_starts(embedded: Embedded) -> None:
    """A new stack's pipeline has its first execution; an update starts none."""
    api, name = embedded.client("codepipeline"), embedded.name("stack")
    pipeline = outputs(deployed(embedded, name))["Name"]
    (first,) = api.list_pipeline_executions(pipelineName=pipeline)["pipelineExecutionSummaries"]
    assert first["trigger"] == {"triggerType": "CreatePipeline", "triggerDetail": f"arn:aws:iam::{ACCOUNT}:root"}
    assert embedded.ended(pipeline, first["pipelineExecutionId"])["status"] == "Failed"
    deployed(embedded, name, approval(CustomData="look"))
    assert len(api.list_pipeline_executions(pipelineName=pipeline)["pipelineExecutionSummaries"]) == 1


def test_cloudformation_replaces_a_pipeline_whose_name_changes(embedded: Embedded) -> None:
    """A changed name replaces the pipeline and deletes the old one."""
    api, stack = embedded.client("codepipeline"), embedded.name("stack")
    old, new = embedded.name("old"), embedded.name("new")
    deployed(embedded, stack, Name=old)
    assert outputs(deployed(embedded, stack, Name=new))["Name"] == new
    names = {pipeline["name"] for pipeline in api.list_pipelines()["pipelines"]}
    assert new in names
    assert old not in names


def test_cloudformation_disables_transitions(embedded: Embedded) -> None:
    """CloudFormation disables the template's transitions, and enables those that an update removes."""
    api, stack = embedded.client("codepipeline"), embedded.name("stack")
    disabled = [{"StageName": "Next", "Reason": "freeze"}]
    name = outputs(deployed(embedded, stack, DisableInboundStageTransitions=disabled))["Name"]
    state = api.get_pipeline_state(name=name)["stageStates"][1]["inboundTransitionState"]
    assert (state["enabled"], state["disabledReason"]) == (False, "freeze")
    deployed(embedded, stack)
    assert api.get_pipeline_state(name=name)["stageStates"][1]["inboundTransitionState"] == {"enabled": True}


def test_a_structure_that_codepipeline_refuses_fails_the_stack(embedded: Embedded) -> None:
    """An invalid structure fails the stack, whose events have the reason."""
    name = embedded.name("stack")
    stack = deployed(embedded, name, {**approval(), "InputArtifacts": [{"Name": "Lost"}]})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    events = embedded.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    assert any("makes the input artifact Lost" in event.get("ResourceStatusReason", "") for event in events)


def test_a_rule_on_codepipelines_events_fires(embedded: Embedded) -> None:
    """An EventBridge rule delivers the event of a failed execution to a queue."""
    pipeline = outputs(deployed(embedded, embedded.name("stack")))["Name"]
    embedded.ended(pipeline, embedded.first(pipeline))
    url, arn = embedded.queue()
    rule, events = embedded.name("rule"), embedded.client("events")
    pattern = {
        "source": ["aws.codepipeline"],
        "detail-type": ["CodePipeline Pipeline Execution State Change"],
        "detail": {"state": ["FAILED"], "pipeline": [pipeline]},
    }
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
    execution = embedded.client("codepipeline").start_pipeline_execution(name=pipeline)["pipelineExecutionId"]
    (event,) = embedded.received(url, lambda bodies: len(bodies) == 1)
    assert (event["source"], event["account"], event["region"]) == ("aws.codepipeline", "111111111111", "eu-west-1")
    assert (event["detail"]["execution-id"], event["detail"]["state"]) == (execution, "FAILED")


def test_an_approval_notifies_its_topic_with_the_token(embedded: Embedded) -> None:
    """The approval's notification has AWS's shape, and its token approves the action."""
    api, sns, bucket = embedded.client("codepipeline"), embedded.client("sns"), embedded.bucket()
    embedded.client("s3").put_object(Bucket=bucket, Key="source.zip", Body=b"any")
    topic = sns.create_topic(Name=embedded.name("topic"))["TopicArn"]
    url, arn = embedded.queue()
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    ask = approval(NotificationArn=topic, CustomData="look", ExternalEntityLink="https://example.com")
    pipeline = outputs(deployed(embedded, embedded.name("stack"), ask, bucket=bucket))["Name"]
    execution = embedded.first(pipeline)
    (notice,) = embedded.received(url, lambda bodies: len(bodies) == 1)
    told = notice["approval"]
    assert (told["pipelineName"], told["stageName"], told["actionName"]) == (pipeline, "Next", "Ask")
    assert (told["customData"], told["externalEntityLink"]) == ("look", "https://example.com")
    assert told["expires"].endswith("Z")
    where = {"pipelineName": pipeline, "stageName": "Next", "actionName": "Ask"}
    api.put_approval_result(**where, token=told["token"], result={"status": "Approved", "summary": "fine"})
    assert embedded.ended(pipeline, execution)["status"] == "Succeeded"


def test_an_approval_whose_topic_cannot_be_notified_fails(embedded: Embedded) -> None:
    """An approval whose topic cannot be notified fails, since it would never be answered."""
    bucket = embedded.bucket()
    embedded.client("s3").put_object(Bucket=bucket, Key="source.zip", Body=b"any")
    ask = approval(NotificationArn="arn:aws:sns:eu-west-1:111111111111:nowhere")
    pipeline = outputs(deployed(embedded, embedded.name("stack"), ask, bucket=bucket))["Name"]
    ended = embedded.ended(pipeline, embedded.first(pipeline))
    assert (ended["status"], "cannot publish to arn:aws:sns" in ended["statusSummary"]) == ("Failed", True)
