"""The project of a request that starts a build or a batch, with the settings that the request overrides.

Sources: AWS CodeBuild API reference, "StartBuild", "StartBuildBatch".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from rehearsal.actions.codebuild_project import Project
from rehearsal.emulator.ministack.port import codebuild
from rehearsal.engine.errors import RequestRejected
from rehearsal.json_values import items, mapping, text

if TYPE_CHECKING:
    from types_boto3_codebuild.type_defs import ProjectTypeDef


# Member of a request -> where the setting is in the project.
_OVERRIDES: Mapping[str, tuple[str, ...]] = {
    "artifactsOverride": ("artifacts",),
    "buildspecOverride": ("source", "buildspec"),
    "cacheOverride": ("cache",),
    "computeTypeOverride": ("environment", "computeType"),
    "encryptionKeyOverride": ("encryptionKey",),
    "imageOverride": ("environment", "image"),
    "imagePullCredentialsTypeOverride": ("environment", "imagePullCredentialsType"),
    "logsConfigOverride": ("logsConfig",),
    "privilegedModeOverride": ("environment", "privilegedMode"),
    "queuedTimeoutInMinutesOverride": ("queuedTimeoutInMinutes",),
    "serviceRoleOverride": ("serviceRole",),
    "sourceLocationOverride": ("source", "location"),
    "sourceTypeOverride": ("source", "type"),
    "sourceVersion": ("sourceVersion",),
}
_OVERRIDES_OF_BUILDS = {**_OVERRIDES, "timeoutInMinutesOverride": ("timeoutInMinutes",)}
_OVERRIDES_OF_BATCHES = {**_OVERRIDES, "buildTimeoutInMinutesOverride": ("timeoutInMinutes",)}
_OTHERS = {"projectName", "environmentVariablesOverride", "idempotencyToken"}


def project_of_build(request: Mapping[str, object]) -> tuple[Project, str]:
    """Return the project of StartBuild, and the version of its source. Raises RequestRejected."""
    project = _overridden(request, _OVERRIDES_OF_BUILDS, _OTHERS)
    return Project.read(cast("ProjectTypeDef", project)), text(project, "sourceVersion")


def project_of_batch(request: Mapping[str, object]) -> tuple[Project, str]:
    """Return the project of StartBuildBatch, and the version of its source. Raises RequestRejected."""
    project = _overridden(request, _OVERRIDES_OF_BATCHES, {*_OTHERS, "buildBatchConfigOverride"})
    config = {**mapping(project, "buildBatchConfig"), **mapping(request, "buildBatchConfigOverride")}
    if not config.get("serviceRole"):
        message = f"the project {project['name']} has no BuildBatchConfig with a service role, which a batch needs"
        raise RequestRejected("InvalidInputException", message)
    project = {**project, "buildBatchConfig": config}
    return Project.read(cast("ProjectTypeDef", project)), text(project, "sourceVersion")


def _overridden(
    request: Mapping[str, object], overrides: Mapping[str, tuple[str, ...]], others: set[str]
) -> Mapping[str, object]:
    """Return the project in the shape of BatchGetProjects. Raises RequestRejected, also for a project of a pipeline.

    Other overrides are rejected, because the build would not be the requested one.
    """
    unknown = sorted(request.keys() - overrides.keys() - others)
    if unknown:
        known = ", ".join(sorted({*overrides, *others}))
        raise RequestRejected("InvalidInputException", f"{', '.join(unknown)}: not rehearsed; there are {known}")
    project = _find(str(request.get("projectName", "")))
    for member, path in overrides.items():
        if member in request:
            project = _replaced(project, path, request[member])
    if text(project, "source", "type") == "CODEPIPELINE":
        reason = "its source is CODEPIPELINE: start the pipeline"
        raise RequestRejected("InvalidInputException", f"{project['name']} cannot be started by itself: {reason}")
    return {**project, "environment": _with_variables(mapping(project, "environment"), request)}


def _find(identifier: str) -> Mapping[str, object]:
    name = codebuild.project_name(identifier)
    if not codebuild.has_project(name):
        raise RequestRejected("ResourceNotFoundException", f"Project cannot be found: {identifier}")
    return codebuild.describe_project(name)


def _replaced(members: Mapping[str, object], path: tuple[str, ...], value: object) -> Mapping[str, object]:
    name, *rest = path
    return {**members, name: _replaced(mapping(members, name), tuple(rest), value) if rest else value}


def _with_variables(environment: Mapping[str, object], request: Mapping[str, object]) -> Mapping[str, object]:
    """Return the environment with the request's variables, which replace those of the same name."""
    variables = [*items(environment, "environmentVariables"), *items(request, "environmentVariablesOverride")]
    by_name = {text(variable, "name"): variable for variable in variables}
    return {**environment, "environmentVariables": [*by_name.values()]}
