"""The pipeline stack states what happens after a push, in which order, and by whose leave."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from aws_cdk.assertions import Match, Template

from pipeline.project import Project
from tests.synthesized import ROOT, Synthesized

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
    """The statements of the policies whose logical id begins with `role`."""
    policies = template.find_resources("AWS::IAM::ManagedPolicy")
    return [
        s for id_, p in policies.items() if id_.startswith(role) for s in p["Properties"]["PolicyDocument"]["Statement"]
    ]


def test_stages_come_in_order(stages: Sequence[Stage]) -> None:
    """Prod comes last, behind an approval in a stage of its own."""
    names = [stage["Name"] for stage in stages]
    assert names == ["Source", "Build", "UpdatePipeline", "Assets", "Dev", "ApproveProd", "Prod"]


def test_the_approval_stands_alone(stages: Sequence[Stage]) -> None:
    """A rejection is never the failure of a deployment."""
    (approve,) = (stage for stage in stages if stage["Name"] == "ApproveProd")
    assert [action["ActionTypeId"]["Provider"] for action in approve["Actions"]] == ["Manual"]


@pytest.mark.parametrize("environment", ["Dev", "Prod"])
def test_tests_run_after_the_deployment(stages: Sequence[Stage], environment: str) -> None:
    """They come last in their stage, so that a red test stops the run before the next one."""
    (stage,) = (stage for stage in stages if stage["Name"] == environment)
    order = {action["Name"]: action["RunOrder"] for action in stage["Actions"]}
    assert order["Echo.Prepare"] < order["Echo.Deploy"] < order["Test"]


def test_the_pipeline_is_of_type_v2(template: Template) -> None:
    """V1 has neither triggers nor execution modes."""
    template.has_resource_properties("AWS::CodePipeline::Pipeline", {"PipelineType": "V2"})


def test_assets_are_published_by_one_project(stages: Sequence[Stage]) -> None:
    """A project for each asset would cost a build for each."""
    (assets,) = (stage for stage in stages if stage["Name"] == "Assets")
    assert len(assets["Actions"]) == 1


def test_artifacts_are_encrypted_with_a_rotated_key(template: Template) -> None:
    """Another account can be allowed to use a key of one's own alone."""
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
    """`npm install -g aws-cdk@2` would install what is newest on the day."""
    pins = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    text = json.dumps(synthesized.pipeline.to_json()) + "".join(
        file.read_text() for file in synthesized.folder.glob("buildspec-*.yaml")
    )
    assert set(re.findall(r"aws-cdk@([^\s\\\"]+)", text)) == {pins["aws-cdk"]}
    assert set(re.findall(r"cdk-assets@([^\s\\\"]+)", text)) == {pins["cdk-assets"]}


def test_the_synth_step_runs_this_buildspec(template: Template, project: Project) -> None:
    """What stands in buildspec.yml is what CodeBuild gets, with the output that CDK adds."""
    (synth,) = template.find_resources(
        "AWS::CodeBuild::Project", {"Properties": {"Name": "echo-delivery-synth"}}
    ).values()
    spec = json.loads(synth["Properties"]["Source"]["BuildSpec"])
    assert spec["phases"]["install"]["runtime-versions"] == {"python": "3.13"}
    assert any(re.search(r"^make .*\bcheck\b.*\bsynth\b", each) for each in spec["phases"]["build"]["commands"])
    assert spec["artifacts"]["base-directory"] == "cdk.out"
    assert "artifacts:" not in project.buildspec.read_text()


@pytest.mark.parametrize(("environment", "account"), [("dev", "222222222222"), ("prod", "333333333333")])
def test_a_test_build_may_assume_the_role_of_its_environment_alone(
    template: Template, environment: str, account: str
) -> None:
    """The tests of dev cannot reach prod."""
    allowed = [s for s in statements(template, f"{environment.title()}TestRole") if s["Action"] == "sts:AssumeRole"]
    role = f"arn:aws:iam::{account}:role/echo-delivery-{environment}-eu-west-1-tests"
    assert [statement["Resource"] for statement in allowed] == [role]


def test_a_test_build_learns_the_deployed_names(stages: Sequence[Stage]) -> None:
    """Names are never made up twice; they come from the stack's outputs."""
    (dev,) = (stage for stage in stages if stage["Name"] == "Dev")
    (test,) = (action for action in dev["Actions"] if action["Name"] == "Test")
    variables = {v["name"]: v["value"] for v in json.loads(test["Configuration"]["EnvironmentVariables"])}
    assert variables["STACK"].endswith(".StackArn}")
    assert variables["TEST_ROLE"].endswith(".TestRoleArn}")


def test_the_pinned_cdk_assets_reads_the_assembly(synthesized: Synthesized) -> None:
    """A newer schema would make the Assets stage fail after everything else was green."""
    written = int(json.loads((synthesized.folder / "manifest.json").read_text())["version"].split(".")[0])
    bundle = (ROOT / "node_modules" / "cdk-assets" / "bin" / "cdk-assets.js").read_text()
    (read,) = set(re.findall(r"schemaHash: .*\n.*\n\s+revision: (\d+)", bundle))
    assert written <= int(read)
