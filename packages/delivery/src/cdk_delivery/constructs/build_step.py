"""Build steps of a pipeline, from the commands that a team defines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from aws_cdk import CfnOutput, Duration, pipelines
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam

from cdk_delivery.constructs.build_caches import CACHE_FOLDERS, cache_paths
from cdk_delivery.json_values import items, mapping

# The name of the step that synthesizes the cloud assembly.
SYNTH = "Synth"
# A local cache: a later build that runs on the same host has the files again.
_CACHE = codebuild.Cache.local(codebuild.LocalCacheMode.CUSTOM)


@dataclass(frozen=True)
class BuildCommands:
    """The commands of a build, and what they need."""

    commands: Sequence[str]
    python: str
    """The Python version that CodeBuild installs, such as 3.13."""
    downloads: Sequence[str] = ()
    """Tools whose downloads are kept for the next build; keys of `build_caches.CACHE_FOLDERS`."""
    cache: Sequence[str] = ()
    """Patterns of other files that are kept."""
    reports: Sequence[str] = ()
    """Patterns of JUnit reports."""
    output: str | None = None
    """The folder that becomes the output artifact."""
    variables: Mapping[str, str] = field(default_factory=dict)
    minutes: int = 15

    def buildspec(self) -> codebuild.BuildSpec:
        """Return the buildspec without commands and variables, which CDK adds."""
        spec: dict[str, object] = {
            "version": "0.2",
            "phases": {"install": {"runtime-versions": {"python": self.python}}},
        }
        if self.reports:
            spec["reports"] = {"tests": {"files": [*self.reports], "file-format": "JUNITXML"}}
        spec["cache"] = {"paths": [*cache_paths(*self.downloads), *self.cache]}
        return codebuild.BuildSpec.from_object(spec)


def build_step(
    id_: str,
    source: pipelines.CodePipelineSource,
    build: BuildCommands,
    *,
    project: str,
    role: iam.IRole,
    variables: Mapping[str, str],
    inputs: Mapping[str, pipelines.IFileSetProducer] | None = None,
    outputs: Mapping[str, CfnOutput] | None = None,
) -> pipelines.CodeBuildStep:
    """Return the step that runs `build` in the pushed source.

    inputs: folder -> what it holds; outputs: variable -> output of a deployed stack.
    """
    return pipelines.CodeBuildStep(
        id_,
        input=source,
        additional_inputs=inputs,
        project_name=project,
        role=role,
        commands=[*build.commands],
        env={**variables, **build.variables},
        env_from_cfn_outputs=outputs,
        primary_output_directory=build.output,
        partial_build_spec=build.buildspec(),
        cache=_CACHE,
        timeout=Duration.minutes(build.minutes),
    )


def synth_step(
    source: pipelines.CodePipelineSource, buildspec: Path, *, project: str, role: iam.IRole
) -> pipelines.CodeBuildStep:
    """Return the step that runs `buildspec`; its output is the cloud assembly in cdk.out. Downloads are cached.

    CodeBuild could read the file from the source, but CDK has to add the output artifact to the buildspec.
    """
    spec: dict[str, object] = yaml.safe_load(buildspec.read_text())
    cache = mapping(spec, "cache")
    spec["cache"] = {**cache, "paths": [*cache_paths(*CACHE_FOLDERS), *items(cache, "paths")]}
    return pipelines.CodeBuildStep(
        SYNTH,
        input=source,
        project_name=project,
        role=role,
        commands=[],
        partial_build_spec=codebuild.BuildSpec.from_object(spec),
        primary_output_directory="cdk.out",
        cache=_CACHE,
        timeout=Duration.minutes(30),
    )
