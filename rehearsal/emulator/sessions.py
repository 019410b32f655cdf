"""Role sessions for AWS services: what CodePipeline and CodeBuild do when they assume the role that a template names.

A role is assumed by a service only where its trust policy says so, as on AWS.
"""

from __future__ import annotations

import secrets
import time

from ministack.core.iam_evaluator import EvalContext, evaluate_trust_policy
from ministack.services import iam, sts

from rehearsal.aws import Credentials
from rehearsal.engine.task import ActionError

DURATION = 12 * 3600


def assume(role_arn: str, service: str, session_name: str) -> Credentials:
    """Credentials of `role_arn` for `service`, such as `codebuild.amazonaws.com`.

    A role that does not trust the service may still trust an account, as the bootstrap's roles do for CodePipeline,
    which comes with the pipeline's role. Raises ActionError where there is no such role.
    """
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    role = iam._roles.get_scoped(account, None, name)
    if role is None:
        raise ActionError(f"{service} cannot assume {role_arn}: there is no such role", "PermissionError")
    key, secret, token = f"ASIA{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30), secrets.token_urlsafe(60)
    sts.register_session(
        key,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session_name}",
            "UserId": f"{role['RoleId']}:{session_name}",
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": time.time() + DURATION,
            "AccountId": account,
            "PrincipalType": "AssumedRole",
            "SourceAccessKeyId": "",
            "SourcePrincipalArn": service,
            "SessionTags": [],
            "SessionPolicies": None,
        },
    )
    return Credentials(key, secret, token)


def trusts(role_arn: str, principal: str, account: str) -> bool:
    """Whether the trust policy of `role_arn` lets `principal` (an ARN or a service) assume it."""
    role = iam._roles.get_scoped(role_arn.split(":")[4], None, role_arn.rsplit("/", 1)[-1])
    context = EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=account,
        action="sts:AssumeRole",
        resource_arn=role_arn,
        region="us-east-1",
        service_context={},
    )
    return role is not None and bool(evaluate_trust_policy(role["AssumeRolePolicyDocument"], principal, context))
