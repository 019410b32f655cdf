"""Role sessions for AWS services, as CodePipeline and CodeBuild start them with the roles in a template.

Where the emulator enforces IAM, the role's trust policy has to allow the session, as on AWS.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from rehearsal.emulator.iam import enforcement, roles
from rehearsal.emulator.iam.enforcement import Request
from rehearsal.emulator.ministack.port import sts
from rehearsal.emulator.ministack.port.application import enforces_iam
from rehearsal.engine.action_api import ActionError
from rehearsal.engine.endpoint import Credentials
from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.declaration import parse
from rehearsal.engine.model.definition import Declaration

DURATION = 12 * 3600


class Sessions:
    """Starts role sessions for services, and checks the policies of roles that services use."""

    def assume(
        self, role_arn: str, service: str, session_name: str, *, through: str = "", region: str = ""
    ) -> Credentials:
        """Return credentials of `role_arn` for `service`, such as `codebuild.amazonaws.com`.

        through: ARN of the role with which the service assumes the role, in `region`; empty where the service assumes
        it itself. Raises ActionError where there is no such role, or where the caller may not assume it.
        """
        role_id = _role_id(role_arn, service)
        if not through or through == role_arn:
            self.check(role_arn, service)
        elif enforces_iam():
            _require_assumable(
                role_arn, through, Request(roles.session_principal(through, session_name), "", "", region)
            )
        return _session(role_arn, role_id, session_name, service)

    def check(self, role_arn: str, service: str, *other_names: str) -> None:
        """Raise ActionError where the service may not assume the role under any of its names.

        other_names: further principals of the service, such as `codedeploy.eu-central-1.amazonaws.com`.
        """
        _role_id(role_arn, service)
        account = role_arn.split(":")[4]
        trusted = any(roles.trusts_service(role_arn, name, account) for name in (service, *other_names))
        if enforces_iam() and not trusted:
            raise ActionError(f"{service} may not assume {role_arn}: {_missing_trust_message()} it", "PermissionError")

    def check_action_roles(self, declaration: Declaration, region: str) -> None:
        """Raise RequestRejected where the pipeline's role may not assume the role of one of its actions.

        The error message is CodePipeline's, from github.com/aws/aws-cdk issue 22489.
        """
        pipeline = parse(declaration)
        through = pipeline.role_arn
        role_arns = [action.role_arn for stage in pipeline.stages for action in stage.actions if action.role_arn]
        for role_arn in dict.fromkeys(role_arns):
            if role_arn != through and enforces_iam() and not _is_assumable(role_arn, through, region):
                message = f"{through} is not authorized to perform AssumeRole on role {role_arn}"
                raise RequestRejected("InvalidStructureException", message)

    def require(
        self, role_arn: str, *actions: str, resource: str, keys: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Raise ActionError unless the role's policies allow one of `actions` on `resource`; `keys`: as for Require."""
        if not enforces_iam():
            return
        principal = roles.session_principal(role_arn, "AWSCodePipeline")
        region = resource.split(":")[3]
        alternatives = [[Request(principal, action, resource, region, keys)] for action in actions]
        if denial := enforcement.alternatives_denial(alternatives):
            raise ActionError(denial.message(principal.arn), "PermissionError")


def _is_assumable(role_arn: str, through: str, region: str) -> bool:
    try:
        _role_id(role_arn, through)
        _require_assumable(role_arn, through, Request(roles.session_principal(through, "created"), "", "", region))
    except ActionError:
        return False
    return True


def _role_id(role_arn: str, service: str) -> str:
    """Return the role's unique id; raise ActionError where there is no such role."""
    role = roles.role_by_arn(role_arn)
    if not role:
        raise ActionError(f"{service} cannot assume {role_arn}: there is no such role", "PermissionError")
    return str(role["RoleId"])


def _require_assumable(role_arn: str, through: str, request: Request) -> None:
    """Raise ActionError where a session of the role `through`, the request's principal, may not assume `role_arn`."""
    principal, action = request.principal, "sts:AssumeRole"
    if denial := enforcement.find_denial(request.for_action(action, role_arn)):
        raise ActionError(denial.message(principal.arn), "PermissionError")
    if not roles.trusts(role_arn, principal, request.region):
        enforcement.record_trust_denial(replace(request, action=action, resource=role_arn))
        raise ActionError(
            f"{through} may not assume {role_arn}: {_missing_trust_message()} it or its account", "PermissionError"
        )


def _missing_trust_message() -> str:
    return "its trust policy (AssumeRolePolicyDocument) has no statement that allows sts:AssumeRole to"


def _session(role_arn: str, role_id: str, name: str, service: str) -> Credentials:
    account, role = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    key, secret, token = f"ASIA{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30), secrets.token_urlsafe(60)
    sts.register_session(
        key,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
            "UserId": f"{role_id}:{name}",
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
