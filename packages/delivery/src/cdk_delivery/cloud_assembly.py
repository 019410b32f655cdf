"""The stacks of a cloud assembly, as its manifests list them.

Other files are ignored, whatever their names are: they are left over from an earlier synthesis, or belong to an asset.
Source: AWS CDK, "cloud-assembly-schema".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Required, TypedDict

MANIFEST = "manifest.json"


class Resource(TypedDict, total=False):
    """A resource of a template."""

    Condition: str
    DeletionPolicy: str
    Metadata: Mapping[str, object]
    Properties: Mapping[str, object]
    Type: Required[str]
    UpdateReplacePolicy: str


class Template(TypedDict, total=False):
    """A CloudFormation template."""

    Conditions: Mapping[str, object]
    Mappings: Mapping[str, object]
    Metadata: Mapping[str, str]
    Outputs: Mapping[str, object]
    Parameters: Mapping[str, Mapping[str, object]]
    Resources: Mapping[str, Resource]
    Transform: object


class ArtifactProperties(TypedDict, total=False):
    cloudFormationExecutionRoleArn: str
    directoryName: str
    stackName: str
    templateFile: str


class Artifact(TypedDict, total=False):
    """An artifact of a manifest.json."""

    additionalMetadataFile: str
    environment: str
    properties: ArtifactProperties
    type: str


@dataclass(frozen=True)
class StackArtifact:
    """A stack of an assembly.

    assembly: the name of the nested assembly that contains it, such as assembly-Pipeline-Dev; empty for a stack of the
    app itself. metadata: the file with the constructs' metadata; None without any.
    """

    assembly: str
    template: Path
    metadata: Path | None

    @property
    def in_stage(self) -> bool:
        """Whether the stack belongs to a stage, not to the app itself."""
        return bool(self.assembly)


def is_assembly(folder: Path) -> bool:
    """Return whether a folder has the manifest of a cloud assembly."""
    return (folder / MANIFEST).is_file()


def schema_version(folder: Path) -> int:
    """Return the major version of the schema that an assembly has."""
    return int(json.loads((folder / MANIFEST).read_text())["version"].partition(".")[0])


def stack_entries(folder: Path) -> Iterator[Artifact]:
    """Yield the stacks in the manifest of an assembly, without those of its stages."""
    return _entries(folder, "aws:cloudformation:stack")


def stack_artifacts(folder: Path, assembly: str = "") -> Iterator[StackArtifact]:
    """Yield the stacks of an assembly: the app's own, then those of its stages. Raises OSError without a manifest."""
    for artifact in stack_entries(folder):
        metadata = artifact.get("additionalMetadataFile")
        template = folder / artifact["properties"]["templateFile"]
        yield StackArtifact(assembly, template, folder / metadata if metadata else None)
    for artifact in _entries(folder, "cdk:cloud-assembly"):
        name = artifact["properties"]["directoryName"]
        yield from stack_artifacts(folder / name, name)


def template_files(folder: Path) -> list[Path]:
    """Return the template of every stack, of stages and nested stacks too; empty if there is no assembly."""
    if not is_assembly(folder):
        return []
    return [file for stack in stack_artifacts(folder) for file in (stack.template, *nested_templates(stack.template))]


def nested_templates(template: Path) -> Iterator[Path]:
    """Yield the templates of nested stacks, which are assets of their parent."""
    for resource in json.loads(template.read_text()).get("Resources", {}).values():
        path = resource.get("Metadata", {}).get("aws:asset:path", "")
        if resource["Type"] == "AWS::CloudFormation::Stack" and path:
            nested = template.parent / path
            yield nested
            yield from nested_templates(nested)


def _entries(folder: Path, kind: str) -> Iterator[Artifact]:
    artifacts: Mapping[str, Artifact] = json.loads((folder / MANIFEST).read_text()).get("artifacts", {})
    return (artifact for artifact in artifacts.values() if artifact["type"] == kind)
