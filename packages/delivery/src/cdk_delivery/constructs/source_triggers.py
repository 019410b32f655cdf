"""The pipeline's source action, and the trigger or event by which a push starts the pipeline."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Stack, pipelines
from aws_cdk import aws_codecommit as codecommit
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as codepipeline_actions
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk_delivery.compliance.accept import accept
from cdk_delivery.settings.source import CodeCommitSource, ConnectionSource, S3Source, Source

ACTION = "Source"


def source_action(scope: Construct, source: Source) -> pipelines.CodePipelineSource:
    """Return the source action, which does not start the pipeline itself."""
    match source:
        case ConnectionSource():
            return pipelines.CodePipelineSource.connection(
                source.repository,
                source.branch,
                action_name=ACTION,
                connection_arn=source.connection_arn,
                # `triggers` has the trigger that starts the pipeline instead
                trigger_on_push=False,
            )
        case CodeCommitSource():
            repository = codecommit.Repository.from_repository_name(scope, "Repository", source.repository)
            # the event of `start_on_push` starts the pipeline instead
            unwatched = codepipeline_actions.CodeCommitTrigger.NONE
            return pipelines.CodePipelineSource.code_commit(
                repository, source.branch, action_name=ACTION, trigger=unwatched
            )
        case S3Source():
            bucket = s3.Bucket.from_bucket_name(scope, "SourceBucket", source.bucket)
            # the event of `start_on_push` is S3's own, which needs no CloudTrail trail and no polling
            none = codepipeline_actions.S3Trigger.NONE
            return pipelines.CodePipelineSource.s3(bucket, source.key, action_name=ACTION, trigger=none)


def start_on_push(scope: Construct, source: Source, pipeline: codepipeline.IPipeline) -> None:
    """Start the pipeline by an event of CodeCommit or S3; a connection has a trigger instead, see `triggers`.

    Source: AWS CodePipeline user guide, "Source actions and change detection methods".
    """
    if pattern := _push_event_pattern(scope, source):
        target = targets.CodePipeline(pipeline, event_role=_event_role(scope, pipeline))
        accept(
            events.Rule(scope, "Pushed", event_pattern=pattern, targets=[target]),
            "Serverless-EventBusDLQ",
            because="EventBridge retries for a day; `Release change` replaces a start that was missed",
            see="Amazon EventBridge user guide, How EventBridge retries delivering events",
        )


def _push_event_pattern(scope: Construct, source: Source) -> events.EventPattern | None:
    """Return the pattern of a push's event; None for a connection.

    Source: AWS CodeCommit user guide, "Monitoring CodeCommit events"; Amazon S3 user guide, "Using EventBridge".
    """
    match source:
        case CodeCommitSource():
            repository = Stack.of(scope).format_arn(service="codecommit", resource=source.repository)
            detail = {"event": ["referenceCreated", "referenceUpdated"], "referenceName": [source.branch]}
            kind = ["CodeCommit Repository State Change"]
            return events.EventPattern(
                source=["aws.codecommit"], detail_type=kind, resources=[repository], detail=detail
            )
        case S3Source():
            written = {"bucket": {"name": [source.bucket]}, "object": {"key": [source.key]}}
            return events.EventPattern(source=["aws.s3"], detail_type=["Object Created"], detail=written)
    return None


def _event_role(scope: Construct, pipeline: codepipeline.IPipeline) -> iam.IRole:
    """Return EventBridge's role for the rule; CDK would create one with an inline policy."""
    start = iam.PolicyStatement(actions=["codepipeline:StartPipelineExecution"], resources=[pipeline.pipeline_arn])
    account = {"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}}
    role = iam.Role(
        scope,
        "PushedRole",
        assumed_by=iam.ServicePrincipal("events.amazonaws.com", conditions=account),
        managed_policies=[iam.ManagedPolicy(scope, "PushedPolicy", statements=[start])],
    )
    return role.without_policy_updates()


def use_connection(source: Source, role: iam.IRole) -> None:
    """Let the role of a connection's source action use it under the service's new name as well.

    Source: AWS CodePipeline user guide, "Add permissions to the CodePipeline service role"; CDK grants the old one.
    """
    if isinstance(source, ConnectionSource):
        role.add_to_principal_policy(
            iam.PolicyStatement(actions=["codeconnections:UseConnection"], resources=[source.connection_arn])
        )


def triggers(source: Source) -> list[Mapping[str, object]]:
    """Return the pipeline's triggers; empty for a source that starts it by an event.

    Source: AWS CloudFormation user guide, "AWS::CodePipeline::Pipeline PipelineTriggerDeclaration".
    """
    if not isinstance(source, ConnectionSource):
        return []
    push: dict[str, object] = {"Branches": {"Includes": [source.branch]}}
    if source.ignored_paths:
        push["FilePaths"] = {"Excludes": list(source.ignored_paths)}
    configuration = {"SourceActionName": ACTION, "Push": [push]}
    return [{"ProviderType": "CodeStarSourceConnection", "GitConfiguration": configuration}]


def author_date_variable(source: Source, action: pipelines.CodePipelineSource) -> dict[str, str]:
    """Return the build's variable AUTHORED, the date of the commit's authoring; empty for S3, which has none."""
    return {} if isinstance(source, S3Source) else {"AUTHORED": action.source_attribute("AuthorDate")}
