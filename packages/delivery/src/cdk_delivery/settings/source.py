"""The source of the pipeline: a connected repository, a CodeCommit repository, or an object in S3."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cdk_delivery.settings.types import (
    Branch,
    BucketName,
    ConnectionArn,
    ObjectKey,
    PathPattern,
    Repository,
    RepositoryName,
    Settings,
    settings_error,
)


class ConnectionSource(Settings):
    """A repository at GitHub, GitLab or Bitbucket, by way of a CodeConnections connection."""

    type: Literal["connection"]
    connection_arn: ConnectionArn
    repository: Repository
    """owner/name"""
    branch: Branch = "main"
    # Source: AWS CodePipeline user guide, "Quotas in AWS CodePipeline": eight patterns of paths in a filter.
    ignored_paths: tuple[PathPattern, ...] = Field(default=("docs/**", "*.md", "**/*.md"), max_length=8)
    """A push that changes only files of these patterns starts no execution."""


class _UnfilteredSource(Settings):
    ignored_paths: tuple[PathPattern, ...] = ()
    """Not supported: only a connection filters pushes by file paths."""

    @model_validator(mode="after")
    def _reject_path_filters(self) -> _UnfilteredSource:
        if self.ignored_paths:
            raise settings_error(
                "ignored_paths: CodePipeline filters pushes by file paths for a connection only; leave it out, or "
                "connect the repository with CodeConnections"
            )
        return self


class CodeCommitSource(_UnfilteredSource):
    """A CodeCommit repository in the pipeline's account and region."""

    type: Literal["codecommit"]
    repository: RepositoryName
    branch: Branch = "main"


class S3Source(_UnfilteredSource):
    """A zip file in a versioned bucket of the pipeline's account that sends its events to EventBridge."""

    type: Literal["s3"]
    bucket: BucketName
    key: ObjectKey


Source = Annotated[ConnectionSource | CodeCommitSource | S3Source, Field(discriminator="type")]
KINDS: dict[str, type[Settings]] = {"connection": ConnectionSource, "codecommit": CodeCommitSource, "s3": S3Source}
