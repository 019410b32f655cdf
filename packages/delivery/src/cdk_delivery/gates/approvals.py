"""`python -m cdk_delivery.gates.approvals cdk.out`: detect a push that accidentally bypasses an approval.

The gate fails if the pushed pipeline deploys a stage without the approval that the deployed pipeline has, or if a build
may assume a role that deploys. `accepted_risks` in cdk.json accepts such a risk, with a reason. Pushed code can remove
this check: only a protected branch prevents that.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from cdk_delivery.changes.policy_documents import as_list
from cdk_delivery.cloud_assembly import is_assembly, stack_artifacts
from cdk_delivery.compliance.template import Template
from cdk_delivery.errors import WrongUse
from cdk_delivery.gates.deploying_stages import DeployingStage, deploying_roles, deploying_stages
from cdk_delivery.json_values import items
from cdk_delivery.project_config import read_config, see

PIPELINE = "AWS::CodePipeline::Pipeline"
# The role of CDK's self-mutation build, which has to deploy the pipeline's stack. It may assume roles with the
# bootstrap's tag only.
_SELF_MUTATION = "SelfMutationRole"


def opened_stages(before: Sequence[DeployingStage], now: Sequence[DeployingStage]) -> Iterator[tuple[str, str]]:
    """Yield risk and explanation for each stage that the push would deploy without the approval that it had."""
    approved = {stage.name for stage in before if stage.approved}
    approved_accounts = {account for stage in before if stage.approved for account in stage.accounts}
    unapproved = {stage.name for stage in before if not stage.approved}
    for stage in now:
        if stage.approved:
            continue
        if stage.name in approved:
            yield f"approval-removed/{stage.name}", f"the stage {stage.name} had an approval and would have none"
        elif stage.name not in unapproved and (shared := sorted(stage.accounts & approved_accounts)):
            yield (
                f"unapproved-account/{stage.name}",
                f"the stage {stage.name} would be deployed without an approval to {', '.join(shared)}, which had one",
            )


def deploying_builds(template: Template) -> Iterator[tuple[str, str]]:
    """Yield risk and explanation for each role of a build that may assume a role that deploys."""
    roles = {arn for _, pipeline in template.of_type(PIPELINE) for arn in deploying_roles(pipeline)}
    for id_, properties in template.of_type("AWS::IAM::Role"):
        trusted = json.dumps(properties.get("AssumeRolePolicyDocument", {}))
        if "codebuild.amazonaws.com" not in trusted or _SELF_MUTATION in id_:
            continue
        reached = sorted({arn for statement in template.statements(id_) for arn in _assumable(statement, roles)})
        if reached:
            yield f"build-deploys/{id_}", f"the build role {id_} may assume {', '.join(reached)}"


def _assumable(statement: Mapping[str, object], roles: set[str]) -> Iterator[str]:
    actions = statement.get("Action", "*")  # a statement with NotAction allows all others
    names = [str(action) for action in as_list(actions)]
    if statement.get("Effect") != "Allow" or not any(fnmatchcase("sts:assumerole", name.lower()) for name in names):
        return
    resources = statement.get("Resource", "*")
    for resource in as_list(resources):
        yield from (arn for arn in roles if fnmatchcase(arn, arn_text(resource)))


def arn_text(value: object) -> str:
    """Return an ARN of a template as a pattern: an intrinsic function matches anything."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and "Fn::Join" in value:
        return "".join(arn_text(part) for part in items(items(value, "Fn::Join")[1]))
    if isinstance(value, Mapping) and isinstance(value.get("Fn::Sub"), str):
        return re.sub(r"\$\{[^}]*\}", "*", value["Fn::Sub"])
    return "*"


def deployed_stages(name: str) -> Sequence[DeployingStage] | None:
    """Return the stages of the deployed pipeline; None where it is not deployed, or cannot be read."""
    try:
        return deploying_stages(boto3.client("codepipeline").get_pipeline(name=name)["pipeline"])
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "PipelineNotFoundException":
            return None
        if code not in ("AccessDenied", "AccessDeniedException"):
            raise
        print(f"approvals: cannot compare with the deployed pipeline {name}: {error}", file=sys.stderr)
        return None


def risks(templates: Sequence[Template], *, compare: bool) -> Iterator[tuple[str, str]]:
    """Yield every risk. compare: whether there is a deployed pipeline to read, as in a build."""
    for template in templates:
        yield from deploying_builds(template)
        for _, pipeline in template.of_type(PIPELINE):
            name = pipeline.get("Name")
            before = deployed_stages(name) if compare and isinstance(name, str) else None
            yield from opened_stages(before or (), deploying_stages(pipeline))


def accepted_risks(root: Path) -> set[str]:
    """Return the risks that cdk.json accepts; the settings' model has checked them when the app was synthesized."""
    delivery = json.loads((root / "cdk.json").read_text())["context"]["delivery"]
    return {risk["risk"] for risk in delivery.get("accepted_risks", [])}


def main(root: Path, arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Print each risk that is not accepted. Return 0 without any, 1 with any, 2 for wrong arguments or settings."""
    if len(arguments) != 1 or not is_assembly(root / arguments[0]):
        print("approvals: needed is one folder that `cdk synth` wrote, such as cdk.out", file=sys.stderr)
        return 2
    try:
        accepted, page = accepted_risks(root), read_config(root).pages.security
    except (WrongUse, OSError, ValueError, KeyError, TypeError) as error:
        print(f"approvals: cdk.json or pyproject.toml cannot be read: {error!r}", file=sys.stderr)
        return 2
    templates = [Template.read(stack.template) for stack in stack_artifacts(root / arguments[0]) if not stack.in_stage]
    all_risks = list(risks(templates, compare="CODEBUILD_BUILD_ARN" in environ))
    faults = [(risk, why) for risk, why in all_risks if risk not in accepted]
    for risk, why in faults:
        print(
            f"approvals: cdk.json: {why}; undo it, or accept it in context.delivery.accepted_risks:"
            f' {{"risk": "{risk}", "reason": "..."}}{see(page)}',
            file=sys.stderr,
        )
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(Path.cwd(), sys.argv[1:], os.environ))
