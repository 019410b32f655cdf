"""Values of condition keys, and the principal that a bucket policy is evaluated for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from rehearsal.emulator.iam import roles
from rehearsal.emulator.ministack.port import policies, s3
from rehearsal.emulator.ministack.port.policies import EvalContext, EvalResult

Resolve = Callable[[str, EvalContext], object]
Evaluate = Callable[..., EvalResult]
Compare = Callable[[object, object], bool]

_BUCKET = "arn:aws:s3:::"


def override_condition_key(value: Callable[[str, EvalContext], str | None]) -> Callable[[Resolve], Resolve]:
    """Return a decorator for the function that resolves condition keys.

    The replacement calls `value` first, with the key in lower case; where that returns None, MiniStack resolves the
    key.
    """

    def replace(known: Resolve) -> Resolve:
        def resolve(key: str, context: EvalContext) -> object:
            override = value(key.lower(), context)
            return known(key, context) if override is None else override

        return resolve

    return replace


def principal_arn(key: str, context: EvalContext) -> str | None:
    """Return `aws:PrincipalArn`: of a session its role's ARN, without the session's name."""
    return roles.role_of(context.principal_arn) if key == "aws:principalarn" else None


def role_tag(key: str, context: EvalContext) -> str | None:
    """Return `iam:ResourceTag/…`: the role's tag, by which the policy of the self-update chooses roles."""
    if not key.startswith("iam:resourcetag/") or ":role/" not in context.resource_arn:
        return None
    pairs = roles.role_by_arn(context.resource_arn).get("Tags") or []
    tags = {pair["Key"].lower(): str(pair["Value"]) for pair in pairs}
    return tags.get(key.partition("/")[2])


def bucket_account(key: str, context: EvalContext) -> str | None:
    """Return `s3:ResourceAccount` and `aws:ResourceAccount`: the bucket's account, not the caller's."""
    if key not in {"aws:resourceaccount", "s3:resourceaccount"} or not context.resource_arn.startswith(_BUCKET):
        return None
    return s3.bucket_owner(context.resource_arn.removeprefix(_BUCKET).partition("/")[0]) or None


def via_service(key: str, context: EvalContext) -> str | None:
    """Return `aws:ViaAWSService`, which every request has: false unless a service makes it for its caller.

    Source: IAM user guide, "AWS global condition context keys".
    """
    return str(context.service_context.get(key, "false")) if key == "aws:viaawsservice" else None


def compare_booleans(_compare: Compare) -> Compare:
    """Return the replacement of the operator Bool: a policy's value other than `true` is false.

    The roles of CDK's pipelines before 2.77 are assumed by this rule: their trust policy has a service's name as the
    value. Source: github.com/aws/aws-cdk issue 25301 and pull request 25316.
    """

    def compare(actual: object, expected: object) -> bool:
        return (str(actual).lower() == "true") == (str(expected).lower() == "true")

    return compare


def evaluate_for_role(evaluate: Evaluate) -> Evaluate:
    """Return the replacement of the function that evaluates a resource's policy.

    It evaluates another account's bucket policy for the calling role, not for the root user of the caller's account.
    """

    def evaluate_resource_policy(policy: object, context: EvalContext, *rest: object, **named: object) -> EvalResult:
        caller = policies.request_caller()
        of_caller = caller and caller.split(":")[4] == context.principal_account
        if context.action.startswith("s3:") and context.principal_arn.endswith(":root") and of_caller:
            context = dataclasses.replace(context, principal_arn=caller)
        return evaluate(policy, context, *rest, **named)

    return evaluate_resource_policy
