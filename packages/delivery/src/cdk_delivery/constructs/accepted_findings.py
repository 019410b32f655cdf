"""Accepted findings on the roles and buckets that CDK Pipelines generates."""

from aws_cdk import Stack, pipelines
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_s3 as s3
from constructs import IConstruct

from cdk_delivery.compliance.accept import accept, logical_id
from cdk_delivery.constructs.artifact_store import ArtifactStore

_READ = ("s3:GetBucket*", "s3:GetObject*", "s3:List*")
_WRITE = ("s3:Abort*", "s3:DeleteObject*")
_ENCRYPT = ("kms:GenerateDataKey*", "kms:ReEncrypt*")


def accept_findings(pipeline: pipelines.CodePipeline, store: ArtifactStore) -> None:
    """Accept the findings on generated roles and buckets. Call it after `build_pipeline()`, which creates them."""
    _artifacts(pipeline.pipeline.role, store, *_READ, *_WRITE, *_ENCRYPT)
    mutation = pipeline.self_mutation_project
    if mutation.role is None:
        raise TypeError("the self-mutation project has no role")
    _artifacts(mutation.role, store, *_READ, *_ENCRYPT)
    _self_mutation(mutation, mutation.role)
    for region in pipeline.pipeline.cross_region_support.values():
        _other_region(pipeline.pipeline.role, region)
    if pipeline.pipeline.cross_region_support:
        _keys_of_other_regions(pipeline.pipeline.role)
    assets = pipeline.node.try_find_child("Assets")  # none where the stacks need no files
    if publish := assets and assets.node.try_find_child("FileRole"):
        _artifacts(publish, store, *_READ)
        _publishing(publish)


def _artifacts(role: IConstruct, store: ArtifactStore, *actions: str) -> None:
    accept(
        role,
        *(f"AwsSolutions-IAM5[Action::{action}]" for action in actions),
        store.bucket_finding,
        because="CDK writes these grants; they cover only the artifact bucket of this pipeline and its key",
        see="aws-cdk-lib/aws-s3/lib/perms.ts",
    )
    accept(
        role,
        "NIST.800.53.R5-IAMNoInlinePolicy",
        because="CDK Pipelines writes this role and its policy as one resource; no other role could use the policy",
        see="aws-cdk-lib/pipelines/lib/codepipeline/codepipeline.ts",
    )


def _other_region(role: IConstruct, region: codepipeline.CrossRegionSupport) -> None:
    """Accept the findings on the artifact bucket of another region, and turn on its versioning."""
    bucket = region.replication_bucket.node.default_child
    if not isinstance(bucket, s3.CfnBucket):
        raise TypeError(f"{region.stack.node.path} holds no bucket")
    bucket.versioning_configuration = s3.CfnBucket.VersioningConfigurationProperty(status="Enabled")
    name = Stack.of(role).resolve(region.replication_bucket.bucket_name)
    accept(
        bucket,
        "AwsSolutions-S1",
        "NIST.800.53.R5-S3BucketLoggingEnabled",
        "NIST.800.53.R5-S3BucketReplicationEnabled",
        because="copies of artifacts, whose originals are in a bucket with access logs; they can be rebuilt",
        see="aws-cdk-lib/aws-codepipeline/lib/private/cross-region-support-stack.ts",
    )
    accept(
        role,
        f"AwsSolutions-IAM5[Resource::arn:aws:s3:::{name}/*]",
        because="CodePipeline chooses the key of each artifact; the bucket holds only this pipeline's artifacts",
        see="AWS CodePipeline user guide, Input and output artifacts",
    )


def _keys_of_other_regions(role: IConstruct) -> None:
    accept(
        role,
        "AwsSolutions-IAM5[Resource::*]",
        because="keys of other regions are known only by their alias; the policy of each key names its users",
        see="aws-cdk-lib/aws-kms/lib/key.ts, grants across stacks",
    )


def _self_mutation(project: codebuild.IProject, role: IConstruct) -> None:
    stack = Stack.of(project)
    name = logical_id(project)
    here = f"{stack.region}:{stack.account}"
    accept(
        role,
        f"AwsSolutions-IAM5[Resource::arn:aws:logs:{here}:log-group:/aws/codebuild/<{name}>:*]",
        f"AwsSolutions-IAM5[Resource::arn:aws:codebuild:{here}:report-group/<{name}>-*]",
        because="log streams and report groups of this one project",
        see="AWS CodeBuild user guide, Test report permissions",
    )
    accept(
        role,
        f"AwsSolutions-IAM5[Resource::arn:*:iam::{stack.account}:role/*]",
        because="a condition on the tag aws-cdk:bootstrap-role leaves the bootstrap's deploy, image and file roles",
        see="aws-cdk-lib/pipelines/lib/codepipeline/codepipeline.ts, selfMutation",
    )
    accept(
        role,
        "AwsSolutions-IAM5[Resource::*]",
        because="cloudformation:DescribeStacks and s3:ListBucket, whose targets the CDK CLI cannot know in advance",
        see="aws-cdk-lib/pipelines/lib/codepipeline/codepipeline.ts, selfMutation",
    )


def _publishing(role: IConstruct) -> None:
    stack = Stack.of(role)
    here = f"{stack.region}:{stack.account}"
    accept(
        role,
        f"AwsSolutions-IAM5[Resource::arn:aws:logs:{here}:log-group:/aws/codebuild/*]",
        f"AwsSolutions-IAM5[Resource::arn:aws:codebuild:{here}:report-group/*]",
        because="one role for all asset projects, whose names CDK generates",
        see="aws-cdk-lib/pipelines/lib/codepipeline/codepipeline.ts, obtainAssetCodeBuildRole",
    )
    accept(
        role,
        "AwsSolutions-IAM5[Resource::*]",
        because="CDK lets the role start builds; only CodeBuild and the pipeline's role can assume it",
        see="aws-cdk-lib/pipelines/lib/codepipeline/codepipeline.ts, obtainAssetCodeBuildRole",
    )
