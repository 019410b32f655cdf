"""The roles of the pipeline and its builds in the running embedded AWS: allowed and denied calls."""

from __future__ import annotations

import pytest

from tests.e2e.deployed.acting import ACCOUNTS, Acting, bootstrap_role, environment_role
from tests.e2e.deployed.conftest import Deployed
from tests.e2e.deployed.lookup import artifacts

pytestmark = pytest.mark.e2e

BUILDS = (
    "SynthRole",
    "SelfMutation",
    "AssetsFileRole",
    "ChangesRole",
    "echo-delivery-dev-eu-west-1-build",
    "echo-delivery-prod-eu-west-1-build",
)


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
