"""CodeBuild's projects and builds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ministack.services import codebuild

from rehearsal.json_values import JsonObject

if TYPE_CHECKING:
    from types_boto3_codebuild.type_defs import ProjectTypeDef


def project_name(identifier: str) -> str:
    """Return the name of a project from its name or ARN in a request."""
    return str(codebuild._project_name_from_identifier(identifier))


def has_project(name: str) -> bool:
    return name in codebuild._projects


def project_record(name: str) -> JsonObject:
    """Return the record of a project, which may be changed. Raises KeyError."""
    record: JsonObject = codebuild._projects[name]
    return record


def describe_project(name: str) -> ProjectTypeDef:
    """Return a project as BatchGetProjects does. Raises KeyError."""
    project: ProjectTypeDef = codebuild._project_shape(codebuild._projects[name])
    return project


def build_record(build_id: str) -> JsonObject:
    """Return the record of a build in the request's account. Raises KeyError."""
    record: JsonObject = codebuild._builds[build_id]
    return record


def find_build(account: str, region: str, build_id: str) -> JsonObject:
    """Return the record of a build; empty if there is none."""
    record: JsonObject = codebuild._builds.get_scoped(account, region, build_id, {})
    return record


def put_build(account: str, region: str, build_id: str, record: JsonObject) -> None:
    codebuild._builds.set_scoped(account, region, build_id, record)
