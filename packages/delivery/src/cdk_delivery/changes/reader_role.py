"""The reader role, with which the changes build reads an environment's account: its name, trust and permissions.

`delivery bootstrap` creates it, so that it exists before the first deployment. Its name begins with `cdk-`, which the
execution policies protect from stacks.
"""

from __future__ import annotations

from collections.abc import Iterable

from cdk_delivery.changes.policy_statements import PolicyDocument, Statement, allow, document

# The policy of the role, generated as POLICY.json and put into each environment's account as `delivery-reader`.
POLICY = "reader"
# The id of the construct that creates the role of the changes builds.
CHANGES_ROLE = "ChangesRole"


def role_name(pipeline: str) -> str:
    """Return the name of the role; each pipeline that deploys to an account has its reader role there."""
    return f"cdk-delivery-reader-{pipeline}"


def role_arn(account: str, pipeline: str) -> str:
    """Return the ARN of the role in one account."""
    return f"arn:aws:iam::{account}:role/{role_name(pipeline)}"


def policy_arn(account: str, name: str) -> str:
    """Return the ARN of a bootstrap policy. The execution policies deny changes of policies named `delivery-*`."""
    return f"arn:aws:iam::{account}:policy/delivery-{name}"


def changes_role_pattern(pipeline: str) -> str:
    """Return the name pattern of the changes builds' role, which CloudFormation names after its stack and id."""
    return f"{pipeline}-{CHANGES_ROLE}*"


def trust_policy(pipeline_account: str, pipeline: str) -> PolicyDocument:
    """Return the role's trust policy, for the changes builds of one pipeline.

    Their role is a condition, and the account is the principal: IAM rejects a principal that does not exist yet.
    Source: IAM user guide, "AWS JSON policy elements: Principal".
    """
    changes = f"arn:aws:iam::{pipeline_account}:role/{changes_role_pattern(pipeline)}"
    statement: Statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{pipeline_account}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"ArnLike": {"aws:PrincipalArn": changes}},
    }
    return document(statement)


def reader_policy(stacks: Iterable[str]) -> PolicyDocument:
    """Return the role's permissions: read the templates of the stages' stacks, and the policies of the bootstrap.

    stacks: patterns of stack names.
    """
    templates = [f"arn:aws:cloudformation:*:*:stack/{pattern}/*" for pattern in stacks]
    return document(
        allow("ReadTemplates", ["cloudformation:DescribeStacks", "cloudformation:GetTemplate"], templates),
        allow("ReadPolicies", ["iam:GetPolicy", "iam:GetPolicyVersion"], policy_arn("*", "*")),
    )
