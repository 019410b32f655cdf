"""IAM policies for the users of `pipeline-console`, one for each account.

The actions are those that the console's page lists. The artifact key is used through S3, for the
artifact bucket only. Source: AWS KMS developer guide, "Condition keys for AWS KMS", kms:ViaService.
"""

from __future__ import annotations

from cdk_delivery.changes.policy_statements import PolicyDocument, Statement, allow, document
from cdk_delivery.settings.model import Delivery

READ_PIPELINE = (
    "codepipeline:GetPipeline",
    "codepipeline:GetPipelineExecution",
    "codepipeline:GetPipelineState",
    "codepipeline:ListActionExecutions",
    "codepipeline:ListPipelineExecutions",
)
READ_BUILDS = ("codebuild:BatchGetBuilds", "codebuild:BatchGetReports", "codebuild:DescribeTestCases")
READ_FUNCTIONS = ("lambda:GetFunctionConfiguration", "lambda:ListAliases", "lambda:ListVersionsByFunction")
APPROVE = (
    "codepipeline:PutApprovalResult",
    "codepipeline:RetryStageExecution",
    "codepipeline:RollbackStage",
    "codepipeline:StopPipelineExecution",
)
INVOKE = ("lambda:InvokeFunction",)


def console_policies[OptionsT](
    settings: Delivery[OptionsT], *, approve: bool = False, invoke: bool = False
) -> dict[str, PolicyDocument]:
    """Return the policy of each account, read-only unless allowed otherwise. The pipeline's account comes first."""
    by_account: dict[str, list[Statement]] = {settings.account: _pipeline(settings, approve=approve)}
    for environment in settings.environments:
        account_statements = by_account.setdefault(environment.account, [])
        account_statements += _environment(environment.stage_id, environment.account, environment.region, invoke=invoke)
    return {account: document(*account_statements) for account, account_statements in by_account.items()}


def _pipeline[OptionsT](settings: Delivery[OptionsT], *, approve: bool) -> list[Statement]:
    name, place = settings.name, f"{settings.region}:{settings.account}"
    pipeline, bucket = f"arn:aws:codepipeline:{place}:{name}", f"arn:aws:s3:::{name}-artifactsbucket*"
    builds = [f"arn:aws:codebuild:{place}:project/{name}-*", f"arn:aws:codebuild:{place}:report-group/{name}-*"]
    through_s3 = {"kms:ViaService": "s3.*.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": bucket}
    statements = [
        allow("Pipeline", READ_PIPELINE, [pipeline, f"{pipeline}/*"]),
        allow("Builds", READ_BUILDS, builds),
        allow("BuildLogs", ["logs:GetLogEvents"], f"arn:aws:logs:{place}:log-group:*{name}*:log-stream:*"),
        allow("Artifacts", ["s3:GetObject"], f"{bucket}/*"),
        allow("Key", ["kms:Decrypt"], f"arn:aws:kms:*:{settings.account}:key/*", {"StringLike": through_s3}),
    ]
    return [*statements, allow("Changes", APPROVE, [pipeline, f"{pipeline}/*"])] if approve else statements


def _environment(stage: str, account: str, region: str, *, invoke: bool) -> list[Statement]:
    place = f"{region}:{account}"
    functions = f"arn:aws:lambda:{place}:function:{stage}-*"
    statements = [
        allow(
            f"{stage}Stacks", ["cloudformation:ListStackResources"], f"arn:aws:cloudformation:{place}:stack/{stage}-*/*"
        ),
        allow(f"{stage}Functions", READ_FUNCTIONS, functions),
        allow(f"{stage}Logs", ["logs:FilterLogEvents"], f"arn:aws:logs:{place}:log-group:*{stage}-*"),
        allow(f"{stage}Metrics", ["cloudwatch:GetMetricStatistics"], "*"),
    ]
    return [*statements, allow(f"{stage}Invoke", INVOKE, functions)] if invoke else statements
