"""MiniStack's faults about condition keys, shown without their correction: when one fails, the correction can go."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ministack.core import iam_evaluator as evaluator
from ministack.core.iam_evaluator import EvalContext
from ministack.services import s3

from rehearsal.emulator.ministack.corrections import requests
from rehearsal.emulator.ministack.patches import correct
from tests.emulator.iam.principals import ACCOUNT, OTHER, make_role

pytestmark = pytest.mark.usefixtures("as_it_comes")


def value(key: str, context: EvalContext) -> object:
    found: object = evaluator._resolve_condition_key(key, context)
    return found


def test_principal_arn_of_a_session_is_its_roles(session: EvalContext) -> None:
    """The fault: it is the session's."""
    role = make_role("worker", path="/team/")
    assert value("aws:PrincipalArn", session) == session.principal_arn
    correct(requests.PRINCIPAL_ARN)
    assert value("aws:PrincipalArn", session) == role


def test_tags_of_a_role_are_known_to_who_assumes_it(session: EvalContext) -> None:
    """The fault: the key has no value, so that CDK's self-mutation can assume nothing."""
    asking = replace(session, action="sts:AssumeRole", resource_arn=make_role("deploy", kind="Deploy"))
    assert value("iam:ResourceTag/kind", asking) is None
    correct(requests.ROLE_TAGS)
    assert value("iam:ResourceTag/kind", asking) == "Deploy"
    assert value("iam:ResourceTag/other", asking) is None


@pytest.mark.parametrize("key", ["aws:ResourceAccount", "s3:ResourceAccount"])
def test_a_buckets_account_is_its_owners(session: EvalContext, key: str) -> None:
    """The fault: it is the caller's."""
    s3._buckets.set_scoped(OTHER, None, "of-another-account", {"objects": {}})
    assert value(key, session) == ACCOUNT
    correct(requests.BUCKET_ACCOUNT)
    assert value(key, session) == OTHER


def test_a_foreign_bucket_is_asked_about_the_calling_role(session: EvalContext) -> None:
    """The fault: it is asked about the root user of the caller's account, whom a policy for a role does not name."""
    principal = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/worker"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*"}
    policy = {"Statement": [statement]}
    asked = replace(session, principal_arn=f"arn:aws:iam::{ACCOUNT}:root", principal_type="Root")
    token = evaluator._request_caller_arn.set(session.principal_arn)
    try:
        assert evaluator.evaluate_resource_policy(policy, asked).decision == "ImplicitDeny"
        correct(requests.BUCKET_POLICY_PRINCIPAL)
        assert evaluator.evaluate_resource_policy(policy, asked).decision == "Allow"
    finally:
        evaluator._request_caller_arn.reset(token)
