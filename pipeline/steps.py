"""The build steps: synth, and the tests of a deployed environment."""

from pathlib import Path
from typing import Any

import yaml
from aws_cdk import CfnOutput, Duration, pipelines
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam

REPORTS = {"tests": {"files": ["build/reports/*.xml"], "file-format": "JUNITXML"}}


def synth_step(
    source: pipelines.CodePipelineSource, buildspec: Path, *, project: str, role: iam.IRole
) -> pipelines.CodeBuildStep:
    """The build of `buildspec`, whose output is the cloud assembly in cdk.out.

    CodeBuild would read the file from the source by itself, but CDK has to add its output artifact to it.
    """
    phases: dict[str, Any] = yaml.safe_load(buildspec.read_text())
    return pipelines.CodeBuildStep(
        "Synth",
        input=source,
        project_name=project,
        role=role,
        commands=[],
        partial_build_spec=codebuild.BuildSpec.from_object(phases),
        primary_output_directory="cdk.out",
        cache=codebuild.Cache.local(codebuild.LocalCacheMode.CUSTOM),
        timeout=Duration.minutes(30),
    )


def test_step(
    source: pipelines.CodePipelineSource,
    *,
    project: str,
    role: iam.IRole,
    outputs: dict[str, CfnOutput],
    env: dict[str, str],
) -> pipelines.CodeBuildStep:
    """The integration tests against a deployed stage, which they know by its stack's outputs alone."""
    return pipelines.CodeBuildStep(
        "Test",
        input=source,
        project_name=project,
        role=role,
        commands=["make integration"],
        env=env,
        env_from_cfn_outputs=outputs,
        partial_build_spec=codebuild.BuildSpec.from_object(
            {"version": "0.2", "phases": {"install": {"runtime-versions": {"python": "3.13"}}}, "reports": REPORTS}
        ),
        timeout=Duration.minutes(15),
    )
