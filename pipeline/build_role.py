"""The role of a build of ours, its statements written out."""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from compliance.accept import accept
from pipeline.artifacts import ArtifactStore


class BuildRole(Construct):
    """`role` may log, read and write artifacts, and report the tests of the project named `project`, if there is one.

    CDK would add grants of its own, with wildcards in their actions; `fixed` is the role that ignores them.
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
        self.allow("FindArtifacts", ["s3:GetBucketAcl", "s3:GetBucketLocation"], store.bucket.bucket_arn)
        objects = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
        self.allow("PassArtifacts", objects, store.bucket.arn_for_objects("*"))
        self.allow("EncryptArtifacts", ["kms:Decrypt", "kms:GenerateDataKey"], store.key.key_arn)
        if project:
            self._report_tests(project)
        accept(
            self._policy,
            store.finding_on_objects,
            because="CodePipeline chooses the key of each artifact; the bucket holds this pipeline's artifacts alone",
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
        """Allow to assume `roles`; a policy has room for the names of some forty, so each forty get one."""
        for number in range(0, len(roles), 40):
            statement = iam.PolicyStatement(
                sid=sid, actions=["sts:AssumeRole"], resources=[*roles[number : number + 40]]
            )
            self.role.add_managed_policy(iam.ManagedPolicy(self, f"{sid}{number // 40}", statements=[statement]))

    def allow(self, sid: str, actions: list[str], resource: str) -> None:
        """Allow `actions` on one resource."""
        self._policy.add_statements(iam.PolicyStatement(sid=sid, actions=actions, resources=[resource]))
