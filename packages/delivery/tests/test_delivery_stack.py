"""Properties of every team's pipeline: approvals, permissions of builds, caches."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from aws_cdk.assertions import Match, Template

from cdk_delivery.constructs.build_caches import cache_paths
from cdk_delivery.constructs.project_files import Project
from tests.root import REPOSITORY
from tests.synthesis import Synthesized, synthesize

Stage = Mapping[str, Any]


@pytest.fixture(scope="module")
def template(synthesized: Synthesized) -> Template:
    return synthesized.pipeline


@pytest.fixture(scope="module")
def stages(template: Template) -> Sequence[Stage]:
    (pipeline,) = template.find_resources("AWS::CodePipeline::Pipeline").values()
    found: Sequence[Stage] = pipeline["Properties"]["Stages"]
    return found


def statements(template: Template, role: str) -> list[Any]:
    """Return the statements of the policies whose logical id begins with `role`."""
    policies = template.find_resources("AWS::IAM::ManagedPolicy")
    return [
        s for id_, p in policies.items() if id_.startswith(role) for s in p["Properties"]["PolicyDocument"]["Statement"]
    ]


def test_no_deployment_shares_a_stage_with_an_approval(stages: Sequence[Stage]) -> None:
    """A rejection is not a failure of the deployment, and the changes builds run before the approval."""
    (approve,) = (stage for stage in stages if stage["Name"] == "ApproveProd")
    assert {action["ActionTypeId"]["Provider"]: action["RunOrder"] for action in approve["Actions"]} == {
        "CodeBuild": 1,
        "Manual": 2,
    }


def test_an_approval_is_asked_with_what_would_change(template: Template, stages: Sequence[Stage]) -> None:
    """The approval has the summary in its comment, the topic of the notice, and the link to the pipeline."""
    (approve,) = (stage for stage in stages if stage["Name"] == "ApproveProd")
    changes, approval = approve["Actions"]
    assert f"#{{{changes['Namespace']}.SUMMARY}}" in approval["Configuration"]["CustomData"]
    (topic,) = template.find_resources("AWS::SNS::Topic")
    assert approval["Configuration"]["NotificationArn"] == {"Ref": topic}
    assert "/pipelines/shop-delivery/view" in approval["Configuration"]["ExternalEntityLink"]


def test_the_pipelines_stack_cannot_be_deleted_by_accident(synthesized: Synthesized) -> None:
    """The stack has termination protection, which `delivery destroy` turns off."""
    stack = json.loads((synthesized.folder / "manifest.json").read_text())["artifacts"]["Pipeline"]
    assert stack["properties"]["terminationProtection"] is True


def test_pipelines_of_two_names_can_be_in_one_account(synthesized: Synthesized) -> None:
    """The stack has the pipeline's name, with the id Pipeline; stages' stacks have it in their metadata."""
    stack = json.loads((synthesized.folder / "manifest.json").read_text())["artifacts"]["Pipeline"]
    assert (stack["displayName"], stack["properties"]["stackName"]) == ("Pipeline", "shop-delivery")
    for stage in ("Dev", "Prod"):
        template = synthesized.stage(stage)
        assert template.to_json()["Metadata"] == {"DeployedBy": "shop-delivery"}


@pytest.mark.parametrize(("environment", "answer"), [("dev", "allowed"), ("prod", "asked")])
def test_a_changes_job_knows_who_is_asked(template: Template, environment: str, answer: str) -> None:
    """The build gets a variable that says whether an approval follows; without one, broadening is red."""
    project = {"Name": f"shop-delivery-{environment}-eu-west-1-changes"}
    (found,) = template.find_resources("AWS::CodeBuild::Project", {"Properties": project}).values()
    variables = {
        variable["Name"]: variable["Value"] for variable in found["Properties"]["Environment"]["EnvironmentVariables"]
    }
    assert variables["BROADENING"] == answer
    assert variables["STAGE"] == f"assembly-Pipeline-{environment.title()}"


@pytest.mark.slow
def test_without_approval_and_permission_a_broadening_is_red(context: dict[str, Any], project: Project) -> None:
    """A new environment, without `approval` and `allow_broadening`, is red."""
    template = synthesize(context, project, lambda settings: settings["environments"][0].pop("allow_broadening"))
    template.has_resource_properties(
        "AWS::CodeBuild::Project",
        {
            "Name": "shop-delivery-dev-eu-west-1-changes",
            "Environment": Match.object_like(
                {"EnvironmentVariables": Match.array_with([Match.object_like({"Name": "BROADENING", "Value": "red"})])}
            ),
        },
    )


def test_a_push_starts_as_few_builds_as_it_can(stages: Sequence[Stage]) -> None:
    """One build each for synth, self-mutation and assets; for each environment changes and tests."""
    builds = [
        action for stage in stages for action in stage["Actions"] if action["ActionTypeId"]["Category"] == "Build"
    ]
    assert len(builds) == 3 + 2 * 2


@pytest.mark.parametrize("id_", ["DevTest", "DevChanges", "ChangesProd", "SelfMutation", "FileAsset", "Synth"])
def test_each_build_has_a_time_limit_and_an_encrypted_log(template: Template, id_: str) -> None:
    """Each build has a timeout of at most 30 minutes and an encrypted log with a retention."""
    projects = template.find_resources("AWS::CodeBuild::Project")
    (project,) = (resource["Properties"] for name, resource in projects.items() if id_ in name)
    assert project["TimeoutInMinutes"] <= 30
    group = template.find_resources("AWS::Logs::LogGroup")[project["LogsConfig"]["CloudWatchLogs"]["GroupName"]["Ref"]]
    assert {"KmsKeyId", "RetentionInDays"} <= set(group["Properties"])


def test_a_changes_job_may_only_assume_reader_roles(template: Template) -> None:
    """The role of changes builds may assume the reader role of each account, and no other."""
    found = statements(template, "ChangesRole")
    (assume,) = (statement for statement in found if statement["Action"] == "sts:AssumeRole")
    assert assume["Resource"] == [
        f"arn:aws:iam::{account}:role/cdk-delivery-reader-shop-delivery" for account in ("222222222222", "333333333333")
    ]


@pytest.mark.parametrize("environment", ["Dev", "Prod"])
def test_tests_run_after_the_deployment(stages: Sequence[Stage], environment: str) -> None:
    """Tests are the last actions of their stage, so that a failure stops the execution before the next stage."""
    (stage,) = (stage for stage in stages if stage["Name"] == environment)
    order = {action["Name"]: action["RunOrder"] for action in stage["Actions"]}
    assert order["Shop.Prepare"] < order["Shop.Deploy"] < order["Test"]


def test_the_pipeline_is_of_type_v2(template: Template) -> None:
    """The pipeline has type V2, which triggers and execution modes need."""
    template.has_resource_properties("AWS::CodePipeline::Pipeline", {"PipelineType": "V2"})


def test_assets_are_published_by_one_project(stages: Sequence[Stage]) -> None:
    """One build publishes all assets; a project for each would start a build for each."""
    (assets,) = (stage for stage in stages if stage["Name"] == "Assets")
    assert len(assets["Actions"]) == 1


def test_artifacts_are_encrypted_with_a_rotated_key(template: Template) -> None:
    """Only a customer managed key can be shared with another account."""
    template.has_resource_properties("AWS::KMS::Key", {"EnableKeyRotation": True})
    template.has_resource_properties(
        "AWS::S3::Bucket",
        {
            "VersioningConfiguration": {"Status": "Enabled"},
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [
                    Match.object_like({"ServerSideEncryptionByDefault": Match.object_like({"SSEAlgorithm": "aws:kms"})})
                ]
            },
        },
    )


def test_generated_steps_install_pinned_tools(synthesized: Synthesized) -> None:
    """CDK's builds install the pinned versions; `npm install -g aws-cdk@2` would install the newest of the day."""
    pins = json.loads((REPOSITORY / "package.json").read_text())["devDependencies"]
    text = json.dumps(synthesized.pipeline.to_json()) + "".join(
        file.read_text() for file in synthesized.folder.glob("buildspec-*.yaml")
    )
    assert set(re.findall(r"aws-cdk@([^\s\\\"]+)", text)) == {pins["aws-cdk"]}
    assert set(re.findall(r"cdk-assets@([^\s\\\"]+)", text)) == {pins["cdk-assets"]}


@pytest.mark.parametrize("id_", ["DevTest", "DevChanges", "SelfMutation", "FileAsset", "Synth"])
def test_each_build_keeps_what_it_downloads(template: Template, id_: str) -> None:
    """Each build has a local cache for later builds on the same host."""
    projects = template.find_resources("AWS::CodeBuild::Project")
    (project,) = (resource["Properties"] for name, resource in projects.items() if id_ in name)
    assert project["Cache"] == {"Type": "LOCAL", "Modes": ["LOCAL_CUSTOM_CACHE"]}


@pytest.mark.parametrize(("environment", "account"), [("dev", "222222222222"), ("prod", "333333333333")])
def test_a_test_build_may_assume_only_its_environments_role(template: Template, environment: str, account: str) -> None:
    """The tests of dev cannot assume the role of prod."""
    allowed = [s for s in statements(template, f"{environment.title()}TestRole") if s["Action"] == "sts:AssumeRole"]
    role = f"arn:aws:iam::{account}:role/shop-delivery-{environment}-eu-west-1-tests"
    assert [statement["Resource"] for statement in allowed] == [role]


def test_a_test_build_gets_the_deployed_names(stages: Sequence[Stage]) -> None:
    """The names of deployed resources are outputs of the stack, passed to the build as variables."""
    (dev,) = (stage for stage in stages if stage["Name"] == "Dev")
    (test,) = (action for action in dev["Actions"] if action["Name"] == "Test")
    variables = {v["name"]: v["value"] for v in json.loads(test["Configuration"]["EnvironmentVariables"])}
    assert variables["TILL"].endswith(".TillName}")
    assert variables["TEST_ROLE"].endswith(".CheckerArn}")


def test_the_synth_build_keeps_what_its_tools_download(template: Template) -> None:
    """The tools' caches are added to the cached paths of the project's buildspec, whose commands are unchanged."""
    (synth,) = template.find_resources(
        "AWS::CodeBuild::Project", {"Properties": {"Name": "shop-delivery-synth"}}
    ).values()
    spec = json.loads(synth["Properties"]["Source"]["BuildSpec"])
    assert spec["cache"]["paths"] == [*cache_paths("uv", "pip", "npm", "jsii", "layers"), ".venv/**/*"]
    assert spec["phases"]["build"]["commands"] == ["python app.py"]
    assert spec["artifacts"]["base-directory"] == "cdk.out"


def test_a_build_has_its_teams_settings(template: Template) -> None:
    """A build has the team's commands, reports, folders and variables, in addition to the pipeline's variables."""
    project = {"Name": "shop-delivery-prod-eu-west-1-test"}
    (found,) = template.find_resources("AWS::CodeBuild::Project", {"Properties": project}).values()
    spec = json.loads(found["Properties"]["Source"]["BuildSpec"])
    assert spec["phases"]["build"]["commands"] == ["check", "export TESTED=checked"]
    assert spec["reports"] == {"tests": {"files": ["reports/*.xml"], "file-format": "JUNITXML"}}
    assert spec["cache"]["paths"] == cache_paths("uv", "pip")
    variables = {
        variable["Name"]: variable["Value"] for variable in found["Properties"]["Environment"]["EnvironmentVariables"]
    }
    assert (variables["CHECKS"], variables["STAGE_REGION"]) == ("reading", "eu-west-1")
