"""Every role of this project's pipeline in the running embedded AWS: its allowed and its denied calls."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.e2e.deployed.acting import ACCOUNTS, Acting, bootstrap_role
from tests.e2e.deployed.conftest import Deployed

pytestmark = pytest.mark.e2e

EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
TRUST = EVERYTHING.replace('"Action": "*", "Resource": "*"', '"Action": "sts:AssumeRole", "Principal": {"AWS": "*"}')
BUILDS = (
    "SynthRole",
    "SelfMutation",
    "AssetsFileRole",
    "ChangesRole",
    "echo-delivery-dev-eu-west-1-build",
    "echo-delivery-prod-eu-west-1-build",
)


def artifacts(project: Deployed) -> str:
    """Return the pipeline's bucket."""
    found = project.client("codepipeline", "pipeline").get_pipeline(name="echo-delivery")
    return str(found["pipeline"]["artifactStore"]["location"])


def outputs(project: Deployed, environment: str) -> dict[str, str]:
    api = project.client("cloudformation", environment)
    (stack,) = api.describe_stacks(StackName=f"{environment.capitalize()}-Echo")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def letters(project: Deployed, environment: str, name: str) -> str:
    """Return the URL of the dead-letter queue of one function's event source."""
    (found,) = project.client("sqs", environment).list_queues(
        QueueNamePrefix=f"{environment.capitalize()}-Echo-{name}"
    )["QueueUrls"]
    return str(found)


def encrypted(project: Deployed, environment: str) -> bytes:
    """Return a ciphertext of the key of the environment's stack."""
    (key,) = [
        summary["PhysicalResourceId"]
        for summary in project.client("cloudformation", environment).list_stack_resources(
            StackName=f"{environment.capitalize()}-Echo"
        )["StackResourceSummaries"]
        if summary["ResourceType"] == "AWS::KMS::Key"
    ]
    blob = project.client("kms", environment).encrypt(KeyId=key, Plaintext=b"a secret")["CiphertextBlob"]
    return bytes(blob)


def environment_role(environment: str, kind: str) -> str:
    account = ACCOUNTS[environment if kind == "tests" else "pipeline"]
    return f"arn:aws:iam::{account}:role/echo-delivery-{environment}-eu-west-1-{kind}"


def changed(role: Acting, name: str) -> list[str]:
    """Return the allowed calls among all that change or invoke a function of this name."""
    mapping, function = {"UUID": "00000000-0000-0000-0000-000000000000"}, {"FunctionName": name}
    calls: dict[str, dict[str, Any]] = {
        "create_alias": {**function, "Name": "tried", "FunctionVersion": "1"},
        "create_event_source_mapping": {**function, "EventSourceArn": f"arn:aws:sqs:eu-west-1:{ACCOUNTS['dev']}:any"},
        "delete_alias": {**function, "Name": "tried"},
        "delete_event_source_mapping": mapping,
        "delete_layer_version": {"LayerName": "any", "VersionNumber": 1},
        "invoke": {**function, "Payload": b"{}"},
        "invoke_with_response_stream": {**function, "Payload": b"{}"},
        "publish_layer_version": {"LayerName": "tried", "Content": {"ZipFile": b""}},
        "update_alias": {**function, "Name": "live", "Description": "tried"},
        "update_event_source_mapping": {**mapping, "Enabled": False},
        "update_function_code": {**function, "ZipFile": b""},
        "update_function_configuration": {**function, "Timeout": 1},
    }
    return [operation for operation, arguments in calls.items() if role.may("lambda", operation, **arguments)]


def test_the_pipelines_role_passes_artifacts_and_deploys_through_the_bootstrap(deployed: Deployed) -> None:
    """The pipeline's role can neither call a function nor assume CloudFormation's role."""
    role, bucket = Acting(deployed, "pipeline", "PipelineRole"), artifacts(deployed)
    assert role.may("s3", "put_object", Bucket=bucket, Key="echo-delivery/tried/by-pipeline", Body=b"")
    assert role.may("s3", "get_object", Bucket=bucket, Key="echo-delivery/tried/by-pipeline")
    assert role.may_assume(bootstrap_role("deploy", "dev"))
    assert role.may_assume(bootstrap_role("deploy", "prod"))
    assert not role.may_assume(bootstrap_role("cfn-exec", "dev"))
    assert not role.may_assume(bootstrap_role("file-publishing", "dev"))
    assert not role.may("lambda", "list_functions")
    assert not role.may("codebuild", "delete_project", name="any")


def test_the_synth_build_reaches_no_account(deployed: Deployed) -> None:
    """The synth build can neither delete artifacts nor assume any bootstrap role."""
    role, bucket = Acting(deployed, "pipeline", "SynthRole"), artifacts(deployed)
    assert not role.may("s3", "delete_object", Bucket=bucket, Key="echo-delivery/Synth_Outp/by-synth")
    for environment in ACCOUNTS:
        for kind in ("deploy", "file-publishing", "lookup", "cfn-exec"):
            assert not role.may_assume(bootstrap_role(kind, environment)), (environment, kind)


@pytest.mark.parametrize(
    ("part", "reads", "writes"),
    [
        ("SynthRole", {"owner_repo"}, {"Synth_Outp"}),
        ("ChangesRole", {"owner_repo", "Synth_Outp"}, {"Changes_Ou", "ChangesPro"}),
        ("echo-delivery-dev-eu-west-1-build", {"owner_repo"}, set()),
        ("echo-delivery-prod-eu-west-1-build", {"owner_repo"}, set()),
    ],
)
def test_a_build_has_its_own_artifacts_alone(deployed: Deployed, part: str, reads: set[str], writes: set[str]) -> None:
    """Each build can read and write only its artifacts, so that only Synth writes the deployed assembly."""
    role, bucket = Acting(deployed, "pipeline", part), artifacts(deployed)
    owner = deployed.client("s3", "pipeline")
    for name in ("owner_repo", "Synth_Outp", "Changes_Ou", "ChangesPro"):
        key = f"echo-delivery/{name}/tried"
        assert role.may("s3", "put_object", Bucket=bucket, Key=key, Body=b"") is (name in writes), name
        owner.put_object(Bucket=bucket, Key=key, Body=b"")
        assert role.may("s3", "get_object", Bucket=bucket, Key=key) is (name in reads), name


def test_the_self_mutation_updates_the_pipeline_alone(deployed: Deployed) -> None:
    """The self-mutation can deploy only to the pipeline's account, and cannot write artifacts."""
    role, bucket = Acting(deployed, "pipeline", "SelfMutation"), artifacts(deployed)
    assert role.may_assume(bootstrap_role("deploy", "pipeline"))
    assert role.may_assume(bootstrap_role("file-publishing", "pipeline"))
    assert not role.may_assume(bootstrap_role("cfn-exec", "pipeline"))
    assert not role.may_assume(bootstrap_role("deploy", "dev"))
    assert not role.may("s3", "put_object", Bucket=bucket, Key="echo-delivery/tried/by-update", Body=b"")


def test_the_assets_build_publishes_and_does_not_deploy(deployed: Deployed) -> None:
    """The assets build can publish files, and can neither deploy nor write artifacts."""
    role, bucket = Acting(deployed, "pipeline", "AssetsFileRole"), artifacts(deployed)
    for environment in ("dev", "prod"):
        assert role.may_assume(bootstrap_role("file-publishing", environment))
        assert not role.may_assume(bootstrap_role("deploy", environment))
    assert not role.may("s3", "put_object", Bucket=bucket, Key="echo-delivery/tried/by-assets", Body=b"")


def test_a_changes_build_looks_and_does_not_deploy(deployed: Deployed) -> None:
    """A changes build can assume only the reader role of each environment."""
    role = Acting(deployed, "pipeline", "ChangesRole")
    for environment in ("dev", "prod"):
        assert role.may_assume(f"arn:aws:iam::{ACCOUNTS[environment]}:role/cdk-delivery-reader-echo-delivery")
        assert not role.may_assume(bootstrap_role("lookup", environment))
        assert not role.may_assume(bootstrap_role("deploy", environment))
        assert not role.may_assume(bootstrap_role("cfn-exec", environment))


@pytest.mark.parametrize(("own", "other"), [("dev", "prod"), ("prod", "dev")])
def test_a_test_build_becomes_the_tester_of_its_environment_alone(deployed: Deployed, own: str, other: str) -> None:
    """A test build can assume only its environment's tester role, and no role that deploys."""
    role = Acting(deployed, "pipeline", f"echo-delivery-{own}-eu-west-1-build")
    assert role.may_assume(environment_role(own, "tests"))
    assert not role.may_assume(environment_role(other, "tests"))
    assert not role.may_assume(bootstrap_role("deploy", own))
    assert not role.may_assume(bootstrap_role("cfn-exec", own))


def test_the_notifiers_role_looks_up_and_publishes_and_nothing_else(deployed: Deployed) -> None:
    """The notifier can read executions and publish notices, and nothing else."""
    role, bucket = Acting(deployed, "pipeline", "NoticesNotifierRole"), artifacts(deployed)
    api = deployed.client("codepipeline", "pipeline")
    newest = api.list_pipeline_executions(pipelineName="echo-delivery")["pipelineExecutionSummaries"][0]
    execution = {"pipelineName": "echo-delivery", "pipelineExecutionId": newest["pipelineExecutionId"]}
    assert role.may("codepipeline", "get_pipeline_execution", **execution)
    assert role.may("codepipeline", "list_pipeline_executions", pipelineName="echo-delivery")
    assert role.may("codepipeline", "list_action_executions", pipelineName="echo-delivery")
    assert not role.may("codepipeline", "get_pipeline", name="echo-delivery")
    topics = [topic["TopicArn"] for topic in deployed.client("sns", "pipeline").list_topics()["Topics"]]
    (topic,) = [arn for arn in topics if "Notices" in arn]
    assert role.may("sns", "publish", TopicArn=topic, Message="tried")
    assert not role.may("sns", "subscribe", TopicArn=topic, Protocol="email", Endpoint="nobody@example.com")
    assert not role.may("sns", "set_topic_attributes", TopicArn=topic, AttributeName="DisplayName", AttributeValue="x")
    assert not role.may("s3", "get_object", Bucket=bucket, Key="echo-delivery/tried/by-pipeline")
    assert not role.may("codepipeline", "start_pipeline_execution", name="echo-delivery")
    for environment in ACCOUNTS:
        for kind in ("deploy", "file-publishing", "lookup", "cfn-exec"):
            assert not role.may_assume(bootstrap_role(kind, environment)), (environment, kind)


@pytest.mark.parametrize("part", BUILDS)
def test_no_build_changes_the_pipeline_or_answers_its_approval(deployed: Deployed, part: str) -> None:
    """No build can approve, start the pipeline or create users, so that a push cannot approve itself."""
    role = Acting(deployed, "pipeline", part)
    answer = {"summary": "", "status": "Approved"}
    where = {"pipelineName": "echo-delivery", "stageName": "ApproveProd", "actionName": "Approve"}
    assert not role.may("codepipeline", "put_approval_result", **where, result=answer, token="any")
    assert not role.may("codepipeline", "start_pipeline_execution", name="echo-delivery")
    assert not role.may("iam", "create_user", UserName="any")


def test_the_tester_in_dev_calls_and_changes_nothing(deployed: Deployed) -> None:
    """The tester in dev can invoke aliases, send messages and read logs, and change nothing."""
    role, found = Acting(deployed, "dev", "-dev-eu-west-1-tests"), outputs(deployed, "dev")
    name = found["EchoFunctionName"]
    assert role.may("lambda", "get_function_configuration", FunctionName=name, Qualifier="live")
    assert role.may("sqs", "send_message", QueueUrl=found["EchoQueueUrl"], MessageBody="{}")
    assert role.may("logs", "filter_log_events", logGroupName=found["EchoLogGroupName"])
    assert changed(role, name) == []
    assert not role.may("sqs", "receive_message", QueueUrl=found["EchoQueueUrl"])
    assert not role.may("cloudformation", "delete_stack", StackName="Dev-Echo")
    assert not role.may_assume(environment_role("prod", "tests"))


def test_the_tester_in_prod_only_calls(deployed: Deployed) -> None:
    """The tester in prod can invoke functions, and cannot send messages."""
    role, found = Acting(deployed, "prod", "-prod-eu-west-1-tests"), outputs(deployed, "prod")
    name = found["EchoFunctionName"]
    assert role.may("lambda", "get_function_configuration", FunctionName=name, Qualifier="live")
    assert not role.may("sqs", "send_message", QueueUrl=found["EchoQueueUrl"], MessageBody="{}")
    assert changed(role, name) == []


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_deploy_role_reads_the_assembly_and_leaves_functions_to_cloudformation(
    deployed: Deployed, environment: str
) -> None:
    """The deploy role can pass only CloudFormation's execution role, and cannot change functions itself."""
    role, found = Acting(deployed, environment, "-deploy-role-"), outputs(deployed, environment)
    stack = f"{environment.capitalize()}-Echo"
    change: dict[str, Any] = {"StackName": stack, "ChangeSetName": "tried", "UsePreviousTemplate": True}
    execution, tester = bootstrap_role("cfn-exec", environment), environment_role(environment, "tests")
    assert role.may("cloudformation", "create_change_set", **change, RoleARN=execution)
    assert not role.may("cloudformation", "create_change_set", **change, RoleARN=tester)
    name = found["EchoFunctionName"]
    assert changed(role, name) == []
    assert not role.may("s3", "put_object", Bucket=artifacts(deployed), Key="echo-delivery/tried/by-deploy", Body=b"")
    assert not role.may_assume(execution)


def test_the_pipelines_own_deploy_role_updates_its_stack(deployed: Deployed) -> None:
    """The pipeline's deploy role can pass only its account's execution role, and cannot reach another account."""
    role = Acting(deployed, "pipeline", "-deploy-role-")
    change: dict[str, Any] = {"StackName": "echo-delivery", "ChangeSetName": "tried", "UsePreviousTemplate": True}
    assert role.may("cloudformation", "create_change_set", **change, RoleARN=bootstrap_role("cfn-exec", "pipeline"))
    assert not role.may(
        "cloudformation", "create_change_set", **change, RoleARN=Acting(deployed, "pipeline", "PipelineRole").arn
    )
    assert not role.may("codepipeline", "start_pipeline_execution", name="echo-delivery")
    assert not role.may("iam", "delete_role", RoleName="any")
    for environment in ("dev", "prod"):
        assert not role.may_assume(bootstrap_role("deploy", environment))


@pytest.mark.parametrize("environment", ["pipeline", "dev", "prod"])
def test_the_publishing_role_fills_the_assets_bucket_alone(deployed: Deployed, environment: str) -> None:
    """The publishing role can write only to its account's assets bucket, and can deploy nothing."""
    role = Acting(deployed, environment, "-file-publishing-role-")
    for place in ACCOUNTS:
        bucket = f"cdk-hnb659fds-assets-{ACCOUNTS[place]}-eu-west-1"
        assert role.may("s3", "put_object", Bucket=bucket, Key="tried.zip", Body=b"") is (place == environment)
    own = f"cdk-hnb659fds-assets-{ACCOUNTS[environment]}-eu-west-1"
    assert role.may("s3", "get_object", Bucket=own, Key="tried.zip")
    assert not role.may("s3", "delete_bucket", Bucket=own)
    assert not role.may(
        "s3", "put_object", Bucket=artifacts(deployed), Key="echo-delivery/tried/by-publisher", Body=b""
    )
    assert not role.may("cloudformation", "create_change_set", StackName="any", ChangeSetName="any", TemplateBody="{}")
    assert not role.may("lambda", "update_function_code", FunctionName="any", ZipFile=b"")
    assert not role.may_assume(bootstrap_role("deploy", environment))


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_reader_role_reads_templates_and_policies_and_nothing_else(deployed: Deployed, environment: str) -> None:
    """The reader role, which pushed code uses before an approval, reads only templates and policies."""
    role, found = Acting(deployed, environment, "cdk-delivery-reader-"), outputs(deployed, environment)
    stack, policy = f"{environment.capitalize()}-Echo", f"arn:aws:iam::{ACCOUNTS[environment]}:policy/delivery-boundary"
    assert role.may("cloudformation", "describe_stacks", StackName=stack)
    assert role.may("cloudformation", "get_template", StackName=stack)
    assert role.may("iam", "get_policy", PolicyArn=policy)
    assert not role.may("cloudformation", "get_template", StackName="CDKToolkit")
    assert not role.may("cloudformation", "delete_stack", StackName=stack)
    assert not role.may("lambda", "get_function_configuration", FunctionName=found["EchoFunctionName"])
    assert not role.may("iam", "list_roles")
    assert not role.may("s3", "list_buckets")
    assert changed(role, found["EchoFunctionName"]) == []


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_lookup_role_looks_and_changes_nothing(deployed: Deployed, environment: str) -> None:
    """The lookup role can read deployed resources, and can neither decrypt nor change anything."""
    role, found = Acting(deployed, environment, "-lookup-role-"), outputs(deployed, environment)
    stack, name = f"{environment.capitalize()}-Echo", found["EchoFunctionName"]
    assert role.may("cloudformation", "describe_stacks", StackName=stack)
    assert role.may("cloudformation", "get_template", StackName=stack)
    assert role.may("lambda", "get_function_configuration", FunctionName=name)
    assert changed(role, name) == []
    assert not role.may("cloudformation", "create_change_set", StackName=stack, ChangeSetName="any", TemplateBody="{}")
    assert not role.may("cloudformation", "delete_stack", StackName=stack)
    own = f"cdk-hnb659fds-assets-{ACCOUNTS[environment]}-eu-west-1"
    assert not role.may("s3", "put_object", Bucket=own, Key="tried.zip", Body=b"")
    assert not role.may("kms", "decrypt", CiphertextBlob=encrypted(deployed, environment))
    assert not role.may_assume(bootstrap_role("deploy", environment))
    assert not role.may_assume(bootstrap_role("cfn-exec", environment))


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_cloudformations_role_makes_what_the_stacks_hold_and_nothing_else(deployed: Deployed, environment: str) -> None:
    """The execution role allows only the resource types in pipeline/access/environment-resources.json."""
    role = Acting(deployed, environment, "-cfn-exec-role-")
    assert role.may("lambda", "delete_function", FunctionName="none")
    assert role.may("logs", "delete_log_group", logGroupName="none")
    assert role.may("iam", "delete_role", RoleName="None-Echo-None")
    assert not role.may("iam", "delete_role", RoleName="none")
    assert not role.may("lambda", "invoke", FunctionName=outputs(deployed, environment)["EchoFunctionName"])
    assert not role.may("ssm", "put_parameter", Name="any", Value="any", Type="String")
    assert not role.may("sns", "publish", TopicArn=outputs(deployed, environment)["Echo2TopicArn"], Message="any")
    assert not role.may("iam", "create_user", UserName="any")
    assert not role.may("s3", "put_object", Bucket=artifacts(deployed), Key="echo-delivery/tried/by-exec", Body=b"")
    other = "prod" if environment == "dev" else "dev"
    assert not role.may_assume(bootstrap_role("cfn-exec", other))


@pytest.mark.parametrize("environment", ["pipeline", "dev", "prod"])
def test_cloudformations_role_makes_roles_with_the_boundary_alone(deployed: Deployed, environment: str) -> None:
    """The execution role can create roles only with the boundary, and cannot change the bootstrap."""
    role, account = Acting(deployed, environment, "-cfn-exec-role-"), ACCOUNTS[environment]
    boundary = f"arn:aws:iam::{account}:policy/delivery-boundary"
    own = bootstrap_role("cfn-exec", environment).rpartition("/")[2]
    name = "echo-delivery-tried" if environment == "pipeline" else "Tried-Echo-Tried"
    named: dict[str, Any] = {"RoleName": name, "AssumeRolePolicyDocument": TRUST}
    assert not role.may("iam", "create_role", **named)
    assert not role.may(
        "iam", "create_role", **named, PermissionsBoundary="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    assert role.may("iam", "create_role", **named, PermissionsBoundary=boundary)
    deployed.client("iam", environment).delete_role(RoleName=name)
    assert not role.may("iam", "put_role_policy", RoleName=own, PolicyName="any", PolicyDocument=EVERYTHING)
    assert not role.may("iam", "delete_role_permissions_boundary", RoleName="any")
    assert not role.may("iam", "create_policy_version", PolicyArn=boundary, PolicyDocument=EVERYTHING)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_a_function_does_its_own_work_alone(deployed: Deployed, environment: str) -> None:
    """A function can read its queue and write its log, and reads no other function, secret or log."""
    role, found = Acting(deployed, environment, "Echo-EchoRole"), outputs(deployed, environment)
    assert role.may("sqs", "receive_message", QueueUrl=found["EchoQueueUrl"])
    assert not role.may("sqs", "send_message", QueueUrl=found["EchoQueueUrl"], MessageBody="{}")
    assert not role.may("lambda", "get_function", FunctionName=found["EchoFunctionName"])
    assert not role.may("ssm", "get_parameter", Name="/cdk-bootstrap/hnb659fds/version")
    assert not role.may("logs", "filter_log_events", logGroupName=found["Echo2LogGroupName"])
    assert changed(role, found["EchoFunctionName"]) == []


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_second_function_has_no_part_in_the_first_ones_work(deployed: Deployed, environment: str) -> None:
    """The second function has a separate log and dead-letter queue, and no access to the first one's queue."""
    role, found = Acting(deployed, environment, "Echo-Echo2Role"), outputs(deployed, environment)
    for group, allowed in ((found["Echo2LogGroupName"], True), (found["EchoLogGroupName"], False)):
        assert role.may("logs", "create_log_stream", logGroupName=group, logStreamName=f"tried-{allowed}") is allowed
    assert role.may("sqs", "send_message", QueueUrl=letters(deployed, environment, "Echo2"), MessageBody="{}")
    assert not role.may("sqs", "receive_message", QueueUrl=found["EchoQueueUrl"])
    assert not role.may("sqs", "send_message", QueueUrl=found["EchoQueueUrl"], MessageBody="{}")
    assert not role.may("lambda", "get_function", FunctionName=found["Echo2FunctionName"])
    assert changed(role, found["EchoFunctionName"]) == []
    assert not role.may("ssm", "get_parameter", Name="/cdk-bootstrap/hnb659fds/version")


@pytest.mark.parametrize("name", ["OrganizationAccountAccessRole", "AWSControlTowerExecution", "stacksets-exec-1a2b"])
def test_cloudformations_role_reaches_no_role_that_opens_the_account(deployed: Deployed, name: str) -> None:
    """The execution role can neither change an admin role nor import it into a stack."""
    iam, api = deployed.client("iam", "pipeline"), deployed.client("cloudformation", "pipeline")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    role = Acting(deployed, "pipeline", "-cfn-exec-role-")
    assert not role.may("iam", "update_assume_role_policy", RoleName=name, PolicyDocument=TRUST)
    assert not role.may("iam", "get_role", RoleName=name)
    properties = {"RoleName": name, "AssumeRolePolicyDocument": json.loads(TRUST)}
    resource = {"Type": "AWS::IAM::Role", "DeletionPolicy": "Retain", "Properties": properties}
    imported = {"ResourceType": resource["Type"], "LogicalResourceId": "It", "ResourceIdentifier": {"RoleName": name}}
    stack = f"Adopt-{name}"
    api.create_change_set(
        StackName=stack,
        ChangeSetName="adopt",
        ChangeSetType="IMPORT",
        RoleARN=role.arn,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        TemplateBody=json.dumps({"Resources": {"It": resource}}),
        ResourcesToImport=[imported],
    )
    api.execute_change_set(StackName=stack, ChangeSetName="adopt")
    reasons = until_rolled_back(api, stack)
    assert (
        f"is not authorized to perform: iam:GetRole on resource: arn:aws:iam::{ACCOUNTS['pipeline']}:role/{name}"
        in (reasons)
    )


def until_rolled_back(api: Any, stack: str) -> str:
    """Wait until the import is rolled back, and return the reasons in the stack's events."""
    for _ in range(100):
        if api.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE":
            break
        time.sleep(0.1)
    events = api.describe_stack_events(StackName=stack)["StackEvents"]
    return "\n".join(event.get("ResourceStatusReason", "") for event in events)
