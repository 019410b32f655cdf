"""The policy for users of the console, enforced: its reads are allowed, changes and other pipelines are denied."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rehearsal.aws import Endpoint, root
from rehearsal.emulator.server import launcher
from rehearsal.engine.endpoint import Credentials
from rehearsal.workspace.layout import Workspace

from cdk_delivery.access.console_policy import console_policies
from cdk_delivery.settings.model import Delivery
from tests.root import APP

SETTINGS: Delivery[Any] = Delivery.read(json.loads((APP / "cdk.json").read_text())["context"]["delivery"])
NAME, ENVIRONMENT = SETTINGS.name, SETTINGS.environments[0]
ID = "00000000-0000-4000-8000-000000000000"
STACK, FUNCTION = f"{ENVIRONMENT.stage_id}-Shop", f"{ENVIRONMENT.stage_id}-Shop-Basket"
DENIED = {"AccessDenied", "AccessDeniedException"}
PIPELINE = {"pipelineName": NAME}
REPORT = f"arn:aws:codebuild:{SETTINGS.region}:{SETTINGS.account}:report/{NAME}-synth-unit:{ID}"
STAGE = {**PIPELINE, "stageName": "Prod"}
READS: list[tuple[str, str, dict[str, Any]]] = [
    ("codepipeline", "get_pipeline", {"name": NAME}),
    ("codepipeline", "get_pipeline_state", {"name": NAME}),
    ("codepipeline", "list_pipeline_executions", PIPELINE),
    ("codepipeline", "get_pipeline_execution", {**PIPELINE, "pipelineExecutionId": ID}),
    ("codepipeline", "list_action_executions", PIPELINE),
    ("codebuild", "batch_get_builds", {"ids": [f"{NAME}-synth:1"]}),
    ("codebuild", "batch_get_reports", {"reportArns": [REPORT]}),
    ("codebuild", "describe_test_cases", {"reportArn": REPORT}),
    ("logs", "get_log_events", {"logGroupName": f"{NAME}-BuildLog-1", "logStreamName": "s"}),
    ("s3", "get_object", {"Bucket": f"{NAME}-artifactsbucket1", "Key": "k"}),
]
FUNCTION_READS: list[tuple[str, str, dict[str, Any]]] = [
    ("cloudformation", "list_stack_resources", {"StackName": STACK}),
    ("lambda", "get_function_configuration", {"FunctionName": FUNCTION}),
    ("lambda", "list_aliases", {"FunctionName": FUNCTION}),
    ("lambda", "list_versions_by_function", {"FunctionName": FUNCTION}),
    ("logs", "filter_log_events", {"logGroupName": f"/aws/lambda/{FUNCTION}"}),
]
CHANGES: list[tuple[str, str, dict[str, Any]]] = [
    ("codepipeline", "stop_pipeline_execution", {**PIPELINE, "pipelineExecutionId": ID}),
    ("codepipeline", "retry_stage_execution", {**STAGE, "pipelineExecutionId": ID, "retryMode": "FAILED_ACTIONS"}),
    ("codepipeline", "rollback_stage", {**STAGE, "targetPipelineExecutionId": ID}),
    (
        "codepipeline",
        "put_approval_result",
        {**STAGE, "actionName": "Approve", "token": ID, "result": {"status": "Approved", "summary": ""}},
    ),
]


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An embedded AWS that enforces IAM."""
    folder = tmp_path_factory.mktemp("enforced")
    (folder / "cdk.json").write_text("{}")
    space = Workspace(folder)
    space.make()
    with launcher.join_or_start(space, iam=True) as running:
        yield running


def credentials(endpoint: Endpoint, account: str, role: str, **allowed: bool) -> Credentials:
    """Return credentials of a role that has only the console's policy of this account."""
    iam = endpoint.client("iam", root(account), "us-east-1")
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    policy = json.dumps(console_policies(SETTINGS, **allowed)[account])
    iam.put_role_policy(RoleName=role, PolicyName="console", PolicyDocument=policy)
    sts = endpoint.client("sts", root(account), "us-east-1")
    found = sts.assume_role(RoleArn=arn, RoleSessionName="kim")["Credentials"]
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


def denied(
    endpoint: Endpoint, holder: Credentials, region: str, calls: list[tuple[str, str, dict[str, Any]]]
) -> list[str]:
    """Return the operations that are denied to the role; an error for a missing resource is not a denial."""
    found = []
    for service, operation, given in calls:
        try:
            getattr(endpoint.client(service, holder, region), operation)(**given)
        except ClientError as error:
            if error.response["Error"]["Code"] in DENIED:
                found.append(operation)
    return found


def test_the_reads_of_the_pipelines_account_are_allowed(endpoint: Endpoint) -> None:
    """Reads of this pipeline are allowed; changes and reads of another pipeline are denied."""
    holder = credentials(endpoint, SETTINGS.account, "reads")
    client = endpoint.client("s3", root(SETTINGS.account), SETTINGS.region)
    client.create_bucket(
        Bucket=f"{NAME}-artifactsbucket1", CreateBucketConfiguration={"LocationConstraint": SETTINGS.region}
    )
    client.put_object(Bucket=f"{NAME}-artifactsbucket1", Key="k", Body=b"")
    assert denied(endpoint, holder, SETTINGS.region, READS) == []
    assert denied(endpoint, holder, SETTINGS.region, CHANGES) == [operation for _, operation, _ in CHANGES]
    others: list[tuple[str, str, dict[str, Any]]] = [
        ("codepipeline", "get_pipeline_state", {"name": "another"}),
        ("codebuild", "batch_get_builds", {"ids": ["another-synth:1"]}),
        ("codebuild", "batch_get_reports", {"reportArns": [REPORT, REPORT.replace(NAME, "another")]}),
    ]
    assert denied(endpoint, holder, SETTINGS.region, others) == [operation for _, operation, _ in others]


def test_changes_are_allowed_where_that_was_asked_for(endpoint: Endpoint) -> None:
    """The option to approve also allows retry, stop and rollback."""
    holder = credentials(endpoint, SETTINGS.account, "approves", approve=True)
    assert denied(endpoint, holder, SETTINGS.region, CHANGES) == []


def test_the_reads_of_an_environments_functions_are_allowed(endpoint: Endpoint) -> None:
    """Reading an environment's functions is allowed; invoking them needs the option."""
    invocation: list[tuple[str, str, dict[str, Any]]] = [("lambda", "invoke", {"FunctionName": FUNCTION})]
    holder = credentials(endpoint, ENVIRONMENT.account, "functions")
    assert denied(endpoint, holder, ENVIRONMENT.region, FUNCTION_READS) == []
    assert denied(endpoint, holder, ENVIRONMENT.region, invocation) == ["invoke"]
    holder = credentials(endpoint, ENVIRONMENT.account, "invokes", invoke=True)
    assert denied(endpoint, holder, ENVIRONMENT.region, invocation) == []
