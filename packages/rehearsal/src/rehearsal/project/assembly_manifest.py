"""Reading of a cloud assembly from its manifest.

Source: AWS CDK, "cloud-assembly-schema".
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypedDict, cast

from rehearsal.errors import WrongUse
from rehearsal.project.cloud_assembly import PIPELINE, QUALIFIER, Assembly, PipelineResource, Stack
from rehearsal.project.template_types import PipelineProperties

MANIFEST = "manifest.json"
DEFAULT_ENVIRONMENT = ("111111111111", "us-east-1")


class ArtifactProperties(TypedDict, total=False):
    bootstrapStackVersionSsmParameter: str
    directoryName: str
    stackName: str
    templateFile: str


class Artifact(TypedDict, total=False):
    """An artifact of a manifest.json."""

    dependencies: Sequence[str]
    displayName: str
    environment: str
    properties: ArtifactProperties
    type: str


def read_assembly(
    folder: Path, requested: str | None = None, default: tuple[str, str] = DEFAULT_ENVIRONMENT
) -> Assembly:
    """Read a cloud assembly, such as `cdk.out`.

    requested: a name of the pipeline; required where there are several. default: the account and region of
    environment-agnostic stacks. Raises WrongUse where no pipeline, or more than one, matches.
    """
    top, staged = list(_stacks(folder, default)), list(_staged(folder, default))
    pipeline = _choose_pipeline(folder, top, staged, requested)
    by_artifact = {stack.artifact: stack for stack in [*top, *staged]}
    needed = dict.fromkeys([pipeline.stack, *_needed(pipeline.stack, by_artifact), *staged])
    return Assembly(folder, pipeline, tuple(needed))


def is_assembly(folder: Path) -> bool:
    """Return whether a folder has the manifest of a cloud assembly."""
    return (folder / MANIFEST).is_file()


def schema_version(folder: Path) -> int:
    """Return the major version of the schema that a cloud assembly has."""
    return int(json.loads((folder / MANIFEST).read_text())["version"].partition(".")[0])


def find_assemblies(folder: Path) -> Iterator[Path]:
    """Yield every cloud assembly in a folder of sources, without those in it and in installed packages."""
    for path, names, files in os.walk(folder):
        if {"cdk.out", MANIFEST} <= {*files}:
            yield Path(path)
            names.clear()
        names[:] = [name for name in names if name != "node_modules" and not name.startswith(".")]


def all_stacks(folder: Path) -> list[Stack]:
    """Return every stack of a cloud assembly, with those of all CDK stages."""
    return [*_stacks(folder, DEFAULT_ENVIRONMENT), *_staged(folder, DEFAULT_ENVIRONMENT)]


def pipelines(stacks: Iterable[Stack]) -> Iterator[PipelineResource]:
    """Yield the pipelines in the templates of these stacks."""
    for stack in stacks:
        for nested, template in stack.templates():
            for id_, resource in template.get("Resources", {}).items():
                if resource["Type"] == PIPELINE:
                    yield PipelineResource(stack, id_, cast("PipelineProperties", resource["Properties"]), nested)


def _choose_pipeline(folder: Path, top: list[Stack], staged: list[Stack], requested: str | None) -> PipelineResource:
    """A pipeline in the app's top-level stacks, or, where these have none, in the stacks of CDK stages."""
    candidates = [*pipelines(top)] or [*pipelines(staged)]
    matches = [pipeline for pipeline in candidates if requested is None or requested in pipeline.names]
    if len(matches) == 1:
        return matches[0]
    names = ", ".join(_qualified_id(pipeline, candidates) for pipeline in candidates) or "none"
    if not candidates or requested is None:
        other = "--app names another app, and [context] in rehearsal.toml is for apps that read context"
        hint = f"; {'choose one with --pipeline' if candidates else other}"
        raise WrongUse(f"{folder} must hold one stack with an {PIPELINE}; found: {names}{hint}")
    raise WrongUse(f"--pipeline {requested}: {len(matches) or 'no'} pipelines are called so; there are {names}")


def _qualified_id(pipeline: PipelineResource, pipelines: list[PipelineResource]) -> str:
    """The id of the pipeline's stack; with the logical id where the stack has several pipelines."""
    is_unique = sum(other.stack == pipeline.stack for other in pipelines) == 1
    return pipeline.stack.id if is_unique else f"{pipeline.stack.id}/{pipeline.id}"


def _needed(stack: Stack, by_artifact: Mapping[str, Stack]) -> Iterator[Stack]:
    """The stacks that `cdk deploy` deploys before this one, its dependencies included."""
    for need in stack.needs:
        if need in by_artifact:
            yield from _needed(by_artifact[need], by_artifact)
            yield by_artifact[need]


def _manifest(folder: Path) -> dict[str, Artifact]:
    if not is_assembly(folder):
        raise WrongUse(f"{folder} is not a cloud assembly: it has no {MANIFEST}")
    return dict(json.loads((folder / MANIFEST).read_text()).get("artifacts", {}))


def _stacks(folder: Path, default: tuple[str, str]) -> Iterator[Stack]:
    for id_, artifact in _manifest(folder).items():
        if artifact["type"] != "aws:cloudformation:stack":
            continue
        account, region = artifact["environment"].removeprefix("aws://").split("/")
        properties = artifact["properties"]
        yield Stack(
            id=artifact.get("displayName", id_).partition(" (")[0],
            name=properties.get("stackName", id_),
            account=default[0] if account == "unknown-account" else account,
            region=default[1] if region == "unknown-region" else region,
            template=folder / properties["templateFile"],
            artifact=id_,
            needs=tuple(artifact.get("dependencies", [])),
            qualifier=_qualifier(properties),
        )


def _qualifier(properties: ArtifactProperties) -> str:
    """The qualifier in `/cdk-bootstrap/<qualifier>/version`, the SSM parameter that the stack reads."""
    match = re.match(r"/cdk-bootstrap/([^/]+)/version", properties.get("bootstrapStackVersionSsmParameter", ""))
    return match[1] if match else QUALIFIER


def _staged(folder: Path, default: tuple[str, str]) -> Iterator[Stack]:
    """The stacks of all nested assemblies; each CDK stage has one."""
    for artifact in _manifest(folder).values():
        if artifact["type"] == "cdk:cloud-assembly":
            nested = folder / artifact["properties"]["directoryName"]
            yield from _stacks(nested, default)
            yield from _staged(nested, default)
