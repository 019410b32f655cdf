"""The build steps: synth, what an environment would change, and the tests of what was deployed to it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from aws_cdk import CfnOutput, Duration, pipelines
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam

from pipeline.constructs.build_caches import CACHE_FOLDERS, cache_paths

REPORTS = {"tests": {"files": ["build/reports/*.xml"], "file-format": "JUNITXML"}}
PYTHON = {"install": {"runtime-versions": {"python": "3.13"}}}
# What `bin/setup integration` downloads and makes, kept where builds run on the same host again.
CACHE = {"paths": [*cache_paths("uv", "pip"), "build/integration/**/*"]}


def synth_step(
    source: pipelines.CodePipelineSource, buildspec: Path, *, project: str, role: iam.IRole
) -> pipelines.CodeBuildStep:
    """The build of `buildspec`, whose output is the cloud assembly in cdk.out; what tools download is kept too.

    CodeBuild would read the file from the source by itself, but CDK has to add its output artifact to it.
    """
    spec: dict[str, Any] = yaml.safe_load(buildspec.read_text())
    cache = spec.get("cache", {})
    spec["cache"] = {**cache, "paths": [*cache_paths(*CACHE_FOLDERS), *cache.get("paths", [])]}
    return pipelines.CodeBuildStep(
        "Synth",
        input=source,
        project_name=project,
        role=role,
        commands=[],
        partial_build_spec=codebuild.BuildSpec.from_object(spec),
        primary_output_directory="cdk.out",
        cache=codebuild.Cache.local(codebuild.LocalCacheMode.CUSTOM),
        timeout=Duration.minutes(30),
    )


def changes_step(
    id_: str,
    source: pipelines.CodePipelineSource,
    assembly: pipelines.IFileSetProducer,
    *,
    project: str,
    role: iam.IRole,
    env: Mapping[str, str],
) -> pipelines.CodeBuildStep:
    """Compares the assembly with what is deployed; exports SUMMARY, and is red where IAM broadens unasked.

    env: what pipeline/changes/__main__.py needs.
    """
    return pipelines.CodeBuildStep(
        id_,
        input=source,
        additional_inputs={"assembly": assembly},
        project_name=project,
        role=role,
        commands=["make changes", 'export SUMMARY="$(cat build/changes/summary.txt)"'],
        env=env,
        primary_output_directory="build/changes",
        partial_build_spec=codebuild.BuildSpec.from_object({"version": "0.2", "phases": PYTHON, "cache": CACHE}),
        cache=codebuild.Cache.local(codebuild.LocalCacheMode.CUSTOM),
        timeout=Duration.minutes(15),
    )


def test_step(
    source: pipelines.CodePipelineSource,
    *,
    project: str,
    role: iam.IRole,
    outputs: dict[str, CfnOutput],
    env: Mapping[str, str],
) -> pipelines.CodeBuildStep:
    """The integration tests against a deployed stage, which they know by its stack's outputs alone; exports TESTED."""
    spec = {"version": "0.2", "phases": PYTHON, "reports": REPORTS, "cache": CACHE}
    return pipelines.CodeBuildStep(
        "Test",
        input=source,
        project_name=project,
        role=role,
        commands=["make integration", 'export TESTED="$(make -s tested)"'],
        env=env,
        env_from_cfn_outputs=outputs,
        partial_build_spec=codebuild.BuildSpec.from_object(spec),
        cache=codebuild.Cache.local(codebuild.LocalCacheMode.CUSTOM),
        timeout=Duration.minutes(15),
    )
