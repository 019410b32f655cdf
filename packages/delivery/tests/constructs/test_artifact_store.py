"""The artifacts that each build may read and write, by the object keys that CodePipeline generates."""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest
from aws_cdk.assertions import Template

from cdk_delivery.constructs.artifact_store import ARTIFACT_DAYS
from cdk_delivery.constructs.project_files import Project
from tests.synthesis import Synthesized, pipeline_of, synthesize

pytestmark = pytest.mark.slow

Role = Mapping[str, list[str]]


def key(artifact: str) -> str:
    """Return an object key as CodePipeline generates it: the names are cut to 20 and to 10 characters."""
    return f"{'shop-delivery'[:20]}/{artifact[:10]}/abcdefg"


def patterns(template: Template, role: str) -> Role:
    """Return S3 action -> the key patterns that the role of this logical id may use, without the bucket."""
    found: dict[str, list[str]] = {}
    policies = template.find_resources("AWS::IAM::ManagedPolicy")
    arns = template.find_resources("AWS::IAM::Role")[role]["Properties"]["ManagedPolicyArns"]
    for policy in (policies[arn["Ref"]]["Properties"]["PolicyDocument"] for arn in arns):
        for statement in policy["Statement"]:
            objects = [arn for arn in _listed(statement["Resource"]) if "ArtifactsBucket" in json.dumps(arn)]
            for action in _listed(statement["Action"]):
                found.setdefault(action, []).extend(_key_pattern(object_) for object_ in objects)
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _key_pattern(resource: Any) -> str:
    return str(resource["Fn::Join"][1][-1]).removeprefix("/") if "Fn::Join" in resource else ""


def may(role: Role, action: str, artifact: str) -> bool:
    return any(fnmatchcase(key(artifact), pattern) for pattern in role[action]) if action in role else False


def builds(template: Template) -> Iterator[tuple[Mapping[str, Any], Role]]:
    """Yield the actions of this project's builds, each with its role."""
    projects = template.find_resources("AWS::CodeBuild::Project")
    for stage in pipeline_of(template)["Stages"]:
        for action in stage["Actions"]:
            if action["ActionTypeId"]["Provider"] == "CodeBuild" and action["Name"] not in {"SelfMutate", "FileAssets"}:
                project = projects[action["Configuration"]["ProjectName"]["Ref"]]
                yield action, patterns(template, project["Properties"]["ServiceRole"]["Fn::GetAtt"][0])


@pytest.fixture(scope="module")
def template(context: dict[str, Any], project: Project) -> Template:
    """A pipeline with an S3 source and several environments in a wave, some with an approval."""

    def change(settings: dict[str, Any]) -> None:
        dev, prod = settings["environments"]
        settings["environments"] = [dev | {"wave": "low"}, dev | {"name": "test", "wave": "low", "account": "4" * 12}]
        settings["environments"] += [prod | {"wave": "live"}, prod | {"name": "prod2", "wave": "live"}]

    return synthesize(context, project, change)


def names(action: Mapping[str, Any], kind: str) -> set[str]:
    return {artifact["Name"] for artifact in action.get(f"{kind}Artifacts", [])}


def test_a_build_may_use_the_artifacts_of_its_action(template: Template) -> None:
    """A build may read all input artifacts of its action, and write all output artifacts."""
    found = list(builds(template))
    assert len(found) == 1 + 4 + 4
    for action, role in found:
        assert all(may(role, "s3:GetObject", name) for name in names(action, "Input")), action["Name"]
        assert all(may(role, "s3:PutObject", name) for name in names(action, "Output")), action["Name"]


def test_a_build_cannot_write_artifacts_of_another_build(template: Template) -> None:
    """Only Synth may write the deployed assembly; test builds may read only the push and write nothing."""
    (source,) = pipeline_of(template)["Stages"][0]["Actions"]
    pushed = names(source, "Output")
    for action, role in builds(template):
        assert not any(may(role, "s3:PutObject", artifact) for artifact in pushed), action["Name"]
        if not action["Name"].endswith("Synth"):
            assert not may(role, "s3:PutObject", "Synth_Output"), action["Name"]
        if action["Name"].endswith("Test"):
            assert "s3:PutObject" not in role
            assert not may(role, "s3:GetObject", "Synth_Output")
            assert not may(role, "s3:GetObject", "Changes_Output")


def test_artifacts_are_kept_for_a_late_rollback(synthesized: Synthesized) -> None:
    """A rollback needs the artifacts of the last successful execution, which may be more than a year old."""
    buckets = synthesized.pipeline.find_resources("AWS::S3::Bucket")
    (rules,) = (
        bucket["Properties"]["LifecycleConfiguration"]["Rules"]
        for id_, bucket in buckets.items()
        if id_.startswith("ArtifactsBucket")
    )
    assert [rule["ExpirationInDays"] for rule in rules] == [ARTIFACT_DAYS]
    assert ARTIFACT_DAYS > 366


def test_a_creation_that_fails_leaves_no_key_and_no_bucket(synthesized: Synthesized) -> None:
    """Keys and buckets are retained when the stack is deleted, but not when its creation fails."""
    for kind in ("AWS::S3::Bucket", "AWS::KMS::Key"):
        found = synthesized.pipeline.find_resources(kind)
        assert found
        assert {resource["DeletionPolicy"] for resource in found.values()} == {"RetainExceptOnCreate"}
