"""The service role of a build, with every statement written out."""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk_delivery.compliance.accept import accept
from cdk_delivery.constructs.artifact_store import ArtifactStore


class BuildRole(Construct):
    """A role that may write logs, and report the tests of the build project named `project`, if there is one.

    CDK would add grants with wildcards in their actions. `fixed` is the same role, and ignores such grants.
    Source: AWS CodeBuild user guide, "Create a CodeBuild service role" and "Test report permissions".
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        project: str | None,
        name: str | None = None,
        store: ArtifactStore,
        log: logs.ILogGroup,
    ) -> None:
        super().__init__(scope, id_)
        self._policy = iam.ManagedPolicy(self, "Policy")
        self.role = iam.Role(
            self,
            "Role",
            role_name=name,
            assumed_by=iam.ServicePrincipal("codebuild.amazonaws.com"),
            managed_policies=[self._policy],
        )
        self.fixed = self.role.without_policy_updates()
        self.allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], log.log_group_arn)
        self._store = store
        self.allow("FindArtifacts", ["s3:GetBucketAcl", "s3:GetBucketLocation"], store.bucket.bucket_arn)
        if project:
            self._report_tests(project)

    def pass_artifacts(self, pipeline: str, *, reads: Sequence[str], writes: Sequence[str] = ()) -> None:
        """Allow to read and write the artifacts of these names, and no others of the pipeline."""
        for sid, actions, names in (
            ("ReadArtifacts", ["s3:GetObject", "s3:GetObjectVersion"], reads),
            ("WriteArtifacts", ["s3:PutObject"], writes),
        ):
            if names:
                self.allow(sid, actions, *(self._store.artifact_arns(pipeline, name) for name in names))
        encrypt = ["kms:Decrypt", "kms:GenerateDataKey"] if writes else ["kms:Decrypt"]
        self.allow("EncryptArtifacts", encrypt, self._store.key.key_arn)
        accept(
            self._policy,
            *(self._store.artifact_finding(pipeline, name) for name in dict.fromkeys([*reads, *writes])),
            because="CodePipeline chooses the rest of each key; these are the artifacts that the build is for",
            see="AWS CodePipeline user guide, Input and output artifacts",
        )

    def _report_tests(self, project: str) -> None:
        reports = [
            "codebuild:CreateReportGroup",
            "codebuild:CreateReport",
            "codebuild:UpdateReport",
            "codebuild:BatchPutTestCases",
        ]
        group = Stack.of(self).format_arn(
            service="codebuild", resource="report-group", resource_name=f"{project}-tests"
        )
        self.allow("ReportTests", reports, group)

    def assume(self, sid: str, roles: Sequence[str]) -> None:
        """Allow to assume `roles`, with a managed policy for every 40: one has room for the ARNs of about 40."""
        for number in range(0, len(roles), 40):
            statement = iam.PolicyStatement(
                sid=sid, actions=["sts:AssumeRole"], resources=[*roles[number : number + 40]]
            )
            self.role.add_managed_policy(iam.ManagedPolicy(self, f"{sid}{number // 40}", statements=[statement]))

    def allow(self, sid: str, actions: list[str], *resources: str) -> None:
        """Allow `actions` on these resources."""
        self._policy.add_statements(iam.PolicyStatement(sid=sid, actions=actions, resources=[*resources]))
