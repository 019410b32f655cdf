"""The source and the artifacts of a build that StartBuild started, outside a pipeline.

Sources: AWS CodeBuild API reference, "ProjectSource", "ProjectArtifacts", "StartBuild" (sourceVersion).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rehearsal.aws import download_object
from rehearsal.codebuild.model import Build
from rehearsal.codebuild.zip_extract import unzip
from rehearsal.errors import RehearsalError, WrongUse
from rehearsal.project import git_repository

if TYPE_CHECKING:
    from types_boto3_codebuild.type_defs import ProjectArtifactsTypeDef, ProjectSourceTypeDef
    from types_boto3_s3 import S3Client

GIT = ("BITBUCKET", "CODECOMMIT", "GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED")


def fetch(source: ProjectSourceTypeDef, version: str, s3: S3Client, remote: Path, folder: Path) -> None:
    """Write the source into the new folder. Raises RehearsalError for a source type that is not rehearsed.

    source: a ProjectSource. version: a commit, branch or tag, or the version of an S3 object; empty for the newest.
    remote: the repository that replaces every git source.
    """
    kind = source.get("type", "NO_SOURCE")
    if kind == "NO_SOURCE":
        folder.mkdir()
    elif kind == "S3":
        _download(source.get("location", ""), version, s3, folder)
    elif kind in GIT:
        _clone(remote, version, folder)
    else:
        raise RehearsalError(f"source.type: got {kind}; NO_SOURCE, S3 and {', '.join(GIT)} are rehearsed")


def deliver(target: ProjectArtifactsTypeDef, build: Build, zip_files: Mapping[str, Path], s3: S3Client) -> None:
    """Upload the primary artifact to S3, if the project has one.

    target: the project's ProjectArtifacts. zip_files: by identifier.
    """
    if target.get("type", "NO_ARTIFACTS") != "S3" or "" not in zip_files:
        return
    number = build.id.partition(":")[2]
    parts = [target.get("path", ""), number if target.get("namespaceType") == "BUILD_ID" else ""]
    name = target.get("name") or build.project
    where = "/".join(part.strip("/") for part in [*parts, name] if part.strip("/"))
    bucket = target["location"].removeprefix("arn:aws:s3:::")
    if target.get("packaging") == "ZIP":
        _upload(s3, zip_files[""], bucket, where)
        return
    folder = zip_files[""].with_suffix("")
    unzip(zip_files[""], folder)
    for file in (path for path in folder.rglob("*") if path.is_file()):
        _upload(s3, file, bucket, "/".join([*([where] if where else []), str(file.relative_to(folder))]))


def _download(location: str, version: str, s3: S3Client, folder: Path) -> None:
    bucket, _, key = location.partition("/")
    zip_file = folder.with_suffix(".zip")
    download_object(s3, bucket, key, zip_file, version)
    unzip(zip_file, folder)
    zip_file.unlink()


def _upload(s3: S3Client, file: Path, bucket: str, key: str) -> None:
    with file.open("rb") as body:
        s3.put_object(Bucket=bucket, Key=key, Body=body)


def _clone(remote: Path, version: str, folder: Path) -> None:
    if not remote.exists():
        raise RehearsalError("nothing was pushed to the repository yet")
    clean = git_repository.NO_CONFIGURATION
    git_repository.git("clone", "--quiet", str(remote), str(folder), cwd=remote.parent, env=clean)
    if version:
        try:
            git_repository.git("checkout", "--quiet", version, cwd=folder, env=clean)
        except WrongUse as error:
            raise RehearsalError(f"the repository has no {version}") from error
