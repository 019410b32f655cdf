"""How pushes reach the pipeline: its source action, and which of them start it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import aws_codecommit as codecommit
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as codepipeline_actions
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import pipelines
from constructs import Construct

from pipeline.source import CodeCommitSource, ConnectionSource, S3Source, Source

ACTION = "Source"


def source_action(scope: Construct, source: Source) -> pipelines.CodePipelineSource:
    """The action that fetches what was pushed."""
    match source:
        case ConnectionSource():
            return pipelines.CodePipelineSource.connection(
                source.repository,
                source.branch,
                action_name=ACTION,
                connection_arn=source.connection_arn,
                # the trigger below starts the pipeline in its place
                trigger_on_push=False,
            )
        case CodeCommitSource():
            repository = codecommit.Repository.from_repository_name(scope, "Repository", source.repository)
            return pipelines.CodePipelineSource.code_commit(repository, source.branch, action_name=ACTION)
        case S3Source():
            bucket = s3.Bucket.from_bucket_name(scope, "SourceBucket", source.bucket)
            # S3's own events, below, need no trail of CloudTrail and no polling
            none = codepipeline_actions.S3Trigger.NONE
            return pipelines.CodePipelineSource.s3(bucket, source.key, action_name=ACTION, trigger=none)


def start_on_upload(scope: Construct, source: Source, pipeline: codepipeline.IPipeline) -> None:
    """Start the pipeline when the object of an S3 source is written; nothing for another source.

    Source: Amazon S3 user guide, "Using EventBridge".
    """
    if isinstance(source, S3Source):
        detail = {"bucket": {"name": [source.bucket]}, "object": {"key": [source.key]}}
        pattern = events.EventPattern(source=["aws.s3"], detail_type=["Object Created"], detail=detail)
        events.Rule(scope, "Upload", event_pattern=pattern, targets=[targets.CodePipeline(pipeline)])


def use_connection(source: Source, role: iam.IRole) -> None:
    """Let the role of a connection's source action use it under the service's new name as well.

    Source: AWS CodePipeline user guide, "Add permissions to the CodePipeline service role"; CDK grants the old one.
    """
    if isinstance(source, ConnectionSource):
        role.add_to_principal_policy(
            iam.PolicyStatement(actions=["codeconnections:UseConnection"], resources=[source.connection_arn])
        )


def triggers(source: Source) -> list[Mapping[str, Any]]:
    """The pipeline's triggers; none for a source that starts it by an event.

    Source: AWS CloudFormation user guide, "AWS::CodePipeline::Pipeline PipelineTriggerDeclaration".
    """
    if not isinstance(source, ConnectionSource):
        return []
    push: dict[str, Any] = {"Branches": {"Includes": [source.branch]}}
    if source.ignored_paths:
        push["FilePaths"] = {"Excludes": list(source.ignored_paths)}
    configuration = {"SourceActionName": ACTION, "Push": [push]}
    return [{"ProviderType": "CodeStarSourceConnection", "GitConfiguration": configuration}]


def authored(source: Source, action: pipelines.CodePipelineSource) -> dict[str, str]:
    """A build's variable that tells when the commit was authored, where the source knows it."""
    return {} if isinstance(source, S3Source) else {"AUTHORED": action.source_attribute("AuthorDate")}
