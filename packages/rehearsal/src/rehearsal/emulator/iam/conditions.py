"""Faults of MiniStack's policy evaluation: values of condition keys, and who is asked about.

The tests of the same names show each fault without its correction.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from ministack.core import iam_evaluator as evaluator
from ministack.core.iam_evaluator import EvalContext, EvalResult
from ministack.services import s3

from rehearsal.emulator.iam import roles

_BUCKET = "arn:aws:s3:::"


def apply() -> None:
    use_role_arn_as_principal_arn()
    provide_role_tags()
    use_bucket_owner_as_resource_account()
    evaluate_bucket_policy_for_role()


def use_role_arn_as_principal_arn() -> None:
    """`aws:PrincipalArn` of a session is its role's ARN, without the session's name."""
    _override_condition_key(
        lambda key, context: roles.role_of(context.principal_arn) if key == "aws:principalarn" else None
    )


def provide_role_tags() -> None:
    """`iam:ResourceTag/...` is the role's tag, which the pipeline's self-update chooses its roles by."""

    def tag(key: str, context: EvalContext) -> str | None:
        if not key.startswith("iam:resourcetag/") or ":role/" not in context.resource_arn:
            return None
        found = roles.role_by_arn(context.resource_arn).get("Tags") or []
        tags = {each["Key"].lower(): str(each["Value"]) for each in found}
        return tags.get(key.partition("/")[2])

    _override_condition_key(tag)


def use_bucket_owner_as_resource_account() -> None:
    """`s3:ResourceAccount` and `aws:ResourceAccount` are the bucket's account, not the caller's."""

    def owner(key: str, context: EvalContext) -> str | None:
        if key not in {"aws:resourceaccount", "s3:resourceaccount"} or not context.resource_arn.startswith(_BUCKET):
            return None
        found = s3._bucket_owner_account(context.resource_arn.removeprefix(_BUCKET).partition("/")[0])
        return str(found) if found else None

    _override_condition_key(owner)


def evaluate_bucket_policy_for_role() -> None:
    """Another account's bucket policy is asked about the calling role, not about its account's root user."""
    asked = evaluator.evaluate_resource_policy

    def evaluate_for_role(policy: Any, context: EvalContext, *rest: Any, **named: Any) -> EvalResult:
        caller = evaluator._request_caller_arn.get()
        of_caller = caller and caller.split(":")[4] == context.principal_account
        if context.action.startswith("s3:") and context.principal_arn.endswith(":root") and of_caller:
            context = dataclasses.replace(context, principal_arn=caller)
        return asked(policy, context, *rest, **named)

    evaluator.evaluate_resource_policy = evaluate_for_role


def _override_condition_key(value: Callable[[str, EvalContext], str | None]) -> None:
    """Ask `value`, by the key in lower case, before MiniStack; None leaves the key to MiniStack."""
    known = evaluator._resolve_condition_key

    def resolved(key: str, context: EvalContext) -> Any:
        found = value(key.lower(), context)
        return known(key, context) if found is None else found

    evaluator._resolve_condition_key = resolved
