"""The notices of this project's template on a small pipeline: each kind reaches the topic's subscribers."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.embedded import ROLE, Embedded, embedded_aws
from tests.synthesized import Synthesized

pytestmark = pytest.mark.slow

Json = dict[str, Any]
SUMMARY = "Revision 0123456 by Ada: 1 added, 0 removed."


@dataclass
class Noticed:
    """A deployed pipeline with this project's name and rules; `function` sends the notices that `queue` receives."""

    embedded: Embedded
    bucket: str
    name: str
    queue: str
    function: str

    def start(self) -> str:
        """Start an execution, and return its id."""
        api = self.embedded.client("codepipeline")
        return str(api.start_pipeline_execution(name=self.name)["pipelineExecutionId"])

    def next_notice(self) -> Json:
        """Return the next notice with Subject and Message; no other one is waiting."""
        return dict(self.embedded.next_message(self.queue))

    def next_approval(self) -> Json:
        """Return the next notice, which is an approval's."""
        approval: Json = json.loads(self.next_notice()["Message"])["approval"]
        return approval

    def answer(self, approval: Json, status: str) -> str:
        """Answer the approval with the notice's data, and return the execution's final status."""
        where = {key: approval[key] for key in ("pipelineName", "stageName", "actionName", "token")}
        api = self.embedded.client("codepipeline")
        api.put_approval_result(**where, result={"status": status, "summary": "tried"})
        newest = api.list_pipeline_executions(pipelineName=self.name)["pipelineExecutionSummaries"][0]
        return self.embedded.final_status(self.name, newest["pipelineExecutionId"])


def page(execution: str) -> str:
    """Return the URL of an execution's page in AWS's console."""
    console = "https://eu-west-1.console.aws.amazon.com/codesuite/codepipeline/pipelines"
    return f"{console}/echo-delivery/executions/{execution}/timeline?region=eu-west-1"


def _of_type(resources: Mapping[str, Json], kind: str) -> dict[str, Json]:
    return {name: resource for name, resource in resources.items() if resource["Type"] == kind}


def tiny(resources: Mapping[str, Json], bucket: str) -> dict[str, Json]:
    """Return the template's notices, key and approval with a bucket source and one build."""
    ((id_, pipeline),) = _of_type(resources, "AWS::CodePipeline::Pipeline").items()
    real = pipeline["Properties"]
    (stage,) = [declared for declared in real["Stages"] if declared["Name"] == "ApproveProd"]
    changes, approval = stage["Actions"]
    source = {
        "Name": "Source",
        "ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": "S3", "Version": "1"},
        "Configuration": {"S3Bucket": bucket, "S3ObjectKey": "source.zip", "PollForSourceChanges": "false"},
        "OutputArtifacts": [{"Name": "Code"}],
    }
    changes = {
        **{key: changes[key] for key in ("Name", "ActionTypeId", "Namespace", "RunOrder")},
        "Configuration": {"ProjectName": {"Ref": "Changes"}},
        "InputArtifacts": [{"Name": "Code"}],
    }
    spec = {
        "version": "0.2",
        "env": {"exported-variables": ["SUMMARY"]},
        "phases": {"build": {"commands": [f'export SUMMARY="{SUMMARY}"']}},
    }
    project = {
        "ServiceRole": ROLE,
        "Source": {"Type": "CODEPIPELINE", "BuildSpec": json.dumps(spec)},
        "Artifacts": {"Type": "CODEPIPELINE"},
        "Environment": {
            "Type": "LINUX_CONTAINER",
            "ComputeType": "BUILD_GENERAL1_SMALL",
            "Image": "aws/codebuild/standard:7.0",
        },
    }
    properties = {
        "Name": real["Name"],
        "RoleArn": ROLE,
        "PipelineType": "V2",
        "ArtifactStore": {"Type": "S3", "Location": bucket},
        "Stages": [
            {"Name": "Source", "Actions": [source]},
            {"Name": "ApproveProd", "Actions": [changes, approval]},
        ],
    }
    notices = {name: resource for name, resource in resources.items() if name.startswith("Notices")}
    return {
        **notices,
        **{name: key for name, key in _of_type(resources, "AWS::KMS::Key").items() if _names(notices, name)},
        "Changes": {"Type": "AWS::CodeBuild::Project", "Properties": project},
        id_: {"Type": "AWS::CodePipeline::Pipeline", "Properties": properties},
    }


def _names(resources: Mapping[str, Json], name: str) -> bool:
    return f'"{name}"' in json.dumps(resources)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with embedded_aws(tmp_path_factory.mktemp("embedded")) as started:
        yield started


@pytest.fixture(scope="module")
def noticed(embedded: Embedded, synthesized: Synthesized) -> Noticed:
    """A pipeline whose queue is subscribed by the stack; its first execution has failed for lack of a source."""
    bucket, name, (url, arn) = embedded.bucket(), embedded.name("notices"), embedded.queue()
    resources = tiny(synthesized.pipeline.to_json()["Resources"], bucket)
    (topic,) = _of_type(resources, "AWS::SNS::Topic")
    listener = {"TopicArn": {"Ref": topic}, "Protocol": "sqs", "Endpoint": arn}
    resources["Listener"] = {"Type": "AWS::SNS::Subscription", "Properties": listener}
    embedded.create_stack(name, resources)
    made = embedded.client("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
    ids = {resource["ResourceType"]: resource["PhysicalResourceId"] for resource in made}
    api = embedded.client("lambda")
    function = api.get_function_configuration(FunctionName=ids["AWS::Lambda::Function"])["FunctionArn"]
    found = Noticed(embedded, bucket, ids["AWS::CodePipeline::Pipeline"], url, function)
    assert found.next_notice()["Subject"] == "echo-delivery Source/Source failed"
    return found


def test_failures_approvals_and_successes_send_notices(noticed: Noticed, embedded: Embedded) -> None:
    """A failure, an approval and a success each send one notice, with reason, summary, revision and page."""
    failed = noticed.start()
    notice = noticed.next_notice()
    assert notice["Subject"] == "echo-delivery Source/Source failed"
    when, why, where = notice["Message"].splitlines()
    assert when.startswith("echo-delivery Source/Source failed at 20")
    assert why.startswith("Result: ")
    assert where == f"Execution: {page(failed)}"
    source = io.BytesIO()
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("any", "file")
    put = embedded.client("s3").put_object(Bucket=noticed.bucket, Key="source.zip", Body=source.getvalue())
    good = noticed.start()
    approval = noticed.next_approval()
    assert (approval["stageName"], approval["actionName"]) == ("ApproveProd", "Approve")
    assert approval["customData"].startswith(f"Deploy to prod (traffic: 10% for 5 min): {SUMMARY}. ")
    assert approval["customData"].endswith("Approve or reject: docs/approve-and-roll-back.md")
    assert noticed.answer(approval, "Approved") == "Succeeded"
    notice = noticed.next_notice()
    assert notice["Subject"] == "echo-delivery succeeded"
    when, revision, where = notice["Message"].splitlines()
    assert when.startswith("echo-delivery succeeded at 20")
    assert revision.startswith(f"Revision: {put['VersionId']}")
    assert where == f"Execution: {page(good)}"
    rejected = noticed.start()
    assert noticed.answer(noticed.next_approval(), "Rejected") == "Failed"
    notice = noticed.next_notice()
    assert notice["Subject"] == "echo-delivery ApproveProd/Approve failed"
    assert f"Revision: {put['VersionId']}" in notice["Message"]
    assert notice["Message"].endswith(page(rejected))


def test_an_event_without_a_notice_reaches_the_topic(noticed: Noticed, embedded: Embedded) -> None:
    """The topic gets the event itself after the function has failed for an unknown execution."""
    events, name = embedded.client("events"), embedded.name("rule")
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    events.put_targets(Rule=name, Targets=[{"Id": "0", "Arn": noticed.function}])
    detail = {"pipeline": noticed.name, "execution-id": "gone", "state": "SUCCEEDED"}
    events.put_events(Entries=[{"Source": name, "DetailType": "any", "Detail": json.dumps(detail)}])
    assert json.loads(noticed.next_notice()["Message"])["requestPayload"]["detail"] == detail
