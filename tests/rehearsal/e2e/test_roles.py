"""Every role of this project's pipeline, on the running embedded AWS: what it has to be able to do, and what not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rehearsal.e2e.acting import ACCOUNTS, Acting, bootstrap_role
from tests.rehearsal.e2e.conftest import Project

pytestmark = pytest.mark.e2e

BUILDS = ("SynthRole", "SelfMutationRole", "AssetsFileRole", "ChangesRole", "echo-delivery-dev-eu-west-1-build")


def artifacts(project: Project) -> str:
    """The pipeline's bucket."""
    found = project.client("codepipeline", "pipeline").get_pipeline(name="echo-delivery")
    return str(found["pipeline"]["artifactStore"]["location"])


def outputs(project: Project, environment: str) -> dict[str, str]:
    api = project.client("cloudformation", environment)
    (stack,) = api.describe_stacks(StackName=f"{environment.capitalize()}-Echo")["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


def environment_role(environment: str, kind: str) -> str:
    account = ACCOUNTS[environment if kind == "tests" else "pipeline"]
    return f"arn:aws:iam::{account}:role/echo-delivery-{environment}-eu-west-1-{kind}"


def test_the_pipelines_role_passes_artifacts_and_deploys_through_the_bootstrap(deployed: Project) -> None:
    """It is no way to a function, and not into CloudFormation's own role."""
    role, bucket = Acting(deployed, "pipeline", "PipelineRole"), artifacts(deployed)
    assert role.may("s3", "put_object", Bucket=bucket, Key="echo-delivery/tried/by-pipeline", Body=b"")
    assert role.may("s3", "get_object", Bucket=bucket, Key="echo-delivery/tried/by-pipeline")
    assert role.may_assume(bootstrap_role("deploy", "dev"))
    assert role.may_assume(bootstrap_role("deploy", "prod"))
    assert not role.may_assume(bootstrap_role("cfn-exec", "dev"))
    assert not role.may_assume(bootstrap_role("file-publishing", "dev"))
    assert not role.may("lambda", "list_functions")
    assert not role.may("codebuild", "delete_project", name="any")


def test_the_synth_build_reaches_no_account(deployed: Project) -> None:
    """It reads the push and writes the assembly, with the pipeline's key."""
    role, bucket = Acting(deployed, "pipeline", "SynthRole"), artifacts(deployed)
    assert role.may("s3", "put_object", Bucket=bucket, Key="echo-delivery/tried/by-synth", Body=b"")
    assert role.may("s3", "get_object", Bucket=bucket, Key="echo-delivery/tried/by-synth")
    assert not role.may("s3", "delete_object", Bucket=bucket, Key="echo-delivery/tried/by-synth")
    for environment in ACCOUNTS:
        for kind in ("deploy", "file-publishing", "lookup", "cfn-exec"):
            assert not role.may_assume(bootstrap_role(kind, environment)), (environment, kind)


def test_the_self_mutation_updates_the_pipeline_alone(deployed: Project) -> None:
    """It deploys in the pipeline's account; neither into an environment, nor into an artifact."""
    role, bucket = Acting(deployed, "pipeline", "SelfMutationRole"), artifacts(deployed)
    assert role.may_assume(bootstrap_role("deploy", "pipeline"))
    assert role.may_assume(bootstrap_role("file-publishing", "pipeline"))
    assert not role.may_assume(bootstrap_role("cfn-exec", "pipeline"))
    assert not role.may_assume(bootstrap_role("deploy", "dev"))
    assert not role.may("s3", "put_object", Bucket=bucket, Key="echo-delivery/tried/by-update", Body=b"")


def test_the_assets_build_publishes_and_does_not_deploy(deployed: Project) -> None:
    """It reads the assembly, and writes nothing into the artifacts of others."""
    role, bucket = Acting(deployed, "pipeline", "AssetsFileRole"), artifacts(deployed)
    for environment in ("dev", "prod"):
        assert role.may_assume(bootstrap_role("file-publishing", environment))
        assert not role.may_assume(bootstrap_role("deploy", environment))
    assert not role.may("s3", "put_object", Bucket=bucket, Key="echo-delivery/tried/by-assets", Body=b"")


def test_a_changes_build_looks_and_does_not_deploy(deployed: Project) -> None:
    """It compares with what each environment has, through the bootstrap's role for looking."""
    role = Acting(deployed, "pipeline", "ChangesRole")
    for environment in ("dev", "prod"):
        assert role.may_assume(bootstrap_role("lookup", environment))
        assert not role.may_assume(bootstrap_role("deploy", environment))
        assert not role.may_assume(bootstrap_role("cfn-exec", environment))


@pytest.mark.parametrize(("own", "other"), [("dev", "prod"), ("prod", "dev")])
def test_a_test_build_becomes_the_tester_of_its_environment_alone(deployed: Project, own: str, other: str) -> None:
    """Neither the other environment's, nor a role that deploys."""
    role = Acting(deployed, "pipeline", f"echo-delivery-{own}-eu-west-1-build")
    assert role.may_assume(environment_role(own, "tests"))
    assert not role.may_assume(environment_role(other, "tests"))
    assert not role.may_assume(bootstrap_role("deploy", own))
    assert not role.may_assume(bootstrap_role("cfn-exec", own))


@pytest.mark.parametrize("part", BUILDS)
def test_no_build_changes_the_pipeline_or_answers_its_approval(deployed: Project, part: str) -> None:
    """What stands in a push does not decide whether it is approved."""
    role = Acting(deployed, "pipeline", part)
    answer = {"summary": "", "status": "Approved"}
    where = {"pipelineName": "echo-delivery", "stageName": "ApproveProd", "actionName": "Approve"}
    assert not role.may("codepipeline", "put_approval_result", **where, result=answer, token="any")
    assert not role.may("codepipeline", "start_pipeline_execution", name="echo-delivery")
    assert not role.may("iam", "create_user", UserName="any")


def test_the_tester_in_dev_calls_and_changes_nothing(deployed: Project) -> None:
    """It calls the functions by their alias, sends, and reads their logs."""
    role, found = Acting(deployed, "dev", "-dev-eu-west-1-tests"), outputs(deployed, "dev")
    name = found["EchoFunctionName"]
    assert role.may("lambda", "get_function_configuration", FunctionName=name, Qualifier="live")
    assert role.may("sqs", "send_message", QueueUrl=found["EchoQueueUrl"], MessageBody="{}")
    assert role.may("logs", "filter_log_events", logGroupName=found["EchoLogGroupName"])
    assert not role.may("lambda", "update_function_configuration", FunctionName=name, Timeout=1)
    assert not role.may("lambda", "invoke", FunctionName=name, Payload=b"{}")
    assert not role.may("sqs", "receive_message", QueueUrl=found["EchoQueueUrl"])
    assert not role.may("cloudformation", "delete_stack", StackName="Dev-Echo")
    assert not role.may_assume(environment_role("prod", "tests"))


def test_the_tester_in_prod_only_calls(deployed: Project) -> None:
    """Nothing goes through prod's queue but what belongs there."""
    role, found = Acting(deployed, "prod", "-prod-eu-west-1-tests"), outputs(deployed, "prod")
    name = found["EchoFunctionName"]
    assert role.may("lambda", "get_function_configuration", FunctionName=name, Qualifier="live")
    assert not role.may("sqs", "send_message", QueueUrl=found["EchoQueueUrl"], MessageBody="{}")
    assert not role.may("lambda", "update_function_configuration", FunctionName=name, Timeout=1)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_deploy_role_reads_the_assembly_and_leaves_functions_to_cloudformation(
    deployed: Project, environment: str
) -> None:
    """What it cannot do itself, CloudFormation does with a role of its own, which it may pass to nothing else."""
    role, found = Acting(deployed, environment, "-deploy-role-"), outputs(deployed, environment)
    stack = f"{environment.capitalize()}-Echo"
    change: dict[str, Any] = {"StackName": stack, "ChangeSetName": "tried", "UsePreviousTemplate": True}
    execution, tester = bootstrap_role("cfn-exec", environment), environment_role(environment, "tests")
    assert role.may("cloudformation", "create_change_set", **change, RoleARN=execution)
    assert not role.may("cloudformation", "create_change_set", **change, RoleARN=tester)
    name = found["EchoFunctionName"]
    assert not role.may("lambda", "update_function_configuration", FunctionName=name, Timeout=1)
    assert not role.may("s3", "put_object", Bucket=artifacts(deployed), Key="echo-delivery/tried/by-deploy", Body=b"")
    assert not role.may_assume(execution)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_publishing_role_fills_the_assets_bucket_alone(deployed: Project, environment: str) -> None:
    """Its own account's, and nothing is deployed from it."""
    role = Acting(deployed, environment, "-file-publishing-role-")
    other = "prod" if environment == "dev" else "dev"
    for place, allowed in ((environment, True), (other, False)):
        bucket = f"cdk-hnb659fds-assets-{ACCOUNTS[place]}-eu-west-1"
        assert role.may("s3", "put_object", Bucket=bucket, Key="tried.zip", Body=b"") is allowed
    assert not role.may("cloudformation", "create_change_set", StackName="any", ChangeSetName="any", TemplateBody="{}")


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_a_function_does_its_own_work_alone(deployed: Project, environment: str) -> None:
    """It takes from its queue and writes its log; it reads no function, no secret and no other log."""
    role, found = Acting(deployed, environment, "Echo-EchoRole"), outputs(deployed, environment)
    assert role.may("sqs", "receive_message", QueueUrl=found["EchoQueueUrl"])
    assert not role.may("sqs", "send_message", QueueUrl=found["EchoQueueUrl"], MessageBody="{}")
    assert not role.may("lambda", "get_function", FunctionName=found["EchoFunctionName"])
    assert not role.may("ssm", "get_parameter", Name="/cdk-bootstrap/hnb659fds/version")
    assert not role.may("logs", "filter_log_events", logGroupName=found["Echo2LogGroupName"])
