"""The artifact bucket of the pipeline, its KMS key, and the bucket of its access logs."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk_delivery.compliance.accept import accept, logical_id
from cdk_delivery.constructs.encryption import allow_logs

# Days until an artifact expires. A rollback needs the artifacts of an earlier execution, and a service that is deployed
# once a year can still be rolled back. Source: AWS CodePipeline user guide, "Configure stage rollback".
ARTIFACT_DAYS = 400
# Retained when the stack is deleted; a creation that fails leaves nothing behind.
_RETAINED = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE


class ArtifactStore(Construct):
    """The artifact bucket, encrypted with `key`, which roles of other accounts can be allowed to use."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        self.key = kms.Key(
            self,
            "Key",
            description="The artifacts of the delivery pipeline",
            enable_key_rotation=True,
            removal_policy=_RETAINED,
        )
        allow_logs(self.key)
        access_logs = self._bucket("AccessLogs", days=90, encryption=s3.BucketEncryption.S3_MANAGED)
        accept(
            access_logs,
            "NIST.800.53.R5-S3DefaultEncryptionKMS",
            because="S3 delivers access logs only to a bucket with SSE-S3, not to one whose default is a KMS key",
            see="Amazon S3 user guide, Enabling Amazon S3 server access logging",
        )
        self.bucket = self._bucket(
            "Bucket", days=ARTIFACT_DAYS, encryption=s3.BucketEncryption.KMS, key=self.key, access_logs=access_logs
        )

    def _bucket(
        self,
        id_: str,
        *,
        days: int,
        encryption: s3.BucketEncryption,
        key: kms.Key | None = None,
        access_logs: s3.Bucket | None = None,
    ) -> s3.Bucket:
        """Return a private bucket whose objects expire after so many days."""
        bucket = s3.Bucket(
            self,
            id_,
            encryption=encryption,
            encryption_key=key,
            bucket_key_enabled=True if key else None,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            versioned=True,
            server_access_logs_bucket=access_logs,
            removal_policy=_RETAINED,
            lifecycle_rules=[
                s3.LifecycleRule(expiration=Duration.days(days), noncurrent_version_expiration=Duration.days(30))
            ],
        )
        accept(
            bucket,
            "NIST.800.53.R5-S3BucketReplicationEnabled",
            because="artifacts can be rebuilt by a push, and expire",
            see="the lifecycle rules of this bucket",
        )
        return bucket

    def artifact_arns(self, pipeline: str, artifact: str) -> str:
        """Return the ARN pattern of the objects of all artifacts whose names begin with `artifact`.

        Source: AWS CodePipeline user guide, "Input and output artifacts": CodePipeline cuts the names in the keys of
        its artifacts, the pipeline's to 20 characters and the artifact's to 10.
        """
        return self.bucket.arn_for_objects(_key(pipeline, artifact))

    def artifact_finding(self, pipeline: str, artifact: str) -> str:
        """Return the finding on a statement about those objects, in any policy."""
        return f"AwsSolutions-IAM5[Resource::<{logical_id(self.bucket)}.Arn>/{_key(pipeline, artifact)}]"

    @property
    def bucket_finding(self) -> str:
        """The finding on a statement about every object of the bucket, in any policy."""
        return f"AwsSolutions-IAM5[Resource::<{logical_id(self.bucket)}.Arn>/*]"


def _key(pipeline: str, artifact: str) -> str:
    return f"{pipeline[:20]}*/{artifact[:10]}*"


def output_artifacts(pipeline: codepipeline.Pipeline, action: str) -> list[str]:
    """Return the names of the output artifacts of the actions with this name. Call it after `build_pipeline()`."""
    actions = [declared.action_properties for stage in pipeline.stages for declared in stage.actions]
    return [
        str(artifact.artifact_name)
        for properties in actions
        if properties.action_name == action
        for artifact in properties.outputs or []
    ]
