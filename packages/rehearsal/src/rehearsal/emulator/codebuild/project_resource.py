"""Properties of CodeBuild projects that MiniStack's CloudFormation ignores."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rehearsal.emulator.ministack.port import cloudformation, codebuild

Shape = Callable[[Mapping[str, object]], dict[str, object]]

# A template's property -> the member of the project.
_MEMBERS = {
    "LogsConfig": "logsConfig",
    "Cache": "cache",
    "BuildBatchConfig": "buildBatchConfig",
    "VpcConfig": "vpcConfig",
    "QueuedTimeoutInMinutes": "queuedTimeoutInMinutes",
}


def keep_members(project: str, properties: Mapping[str, object]) -> None:
    """Store these properties of a project."""
    record = codebuild.project_record(project)
    for name, member in _MEMBERS.items():
        record[member] = cloudformation.camel_case(properties.get(name, {}))


def show_members(shape: Shape) -> Shape:
    """Return the replacement of the function that describes a project; it adds these members."""

    def shape_with_members(project: Mapping[str, object]) -> dict[str, object]:
        return {**shape(project), **{member: project[member] for member in _MEMBERS.values() if project.get(member)}}

    return shape_with_members
