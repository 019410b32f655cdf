"""MiniStack's faults in condition keys, reproduced without the correction."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ministack.core import iam_evaluator as evaluator
from ministack.core.iam_evaluator import EvalContext
from ministack.services import s3

from rehearsal.emulator.iam import roles
from rehearsal.emulator.ministack.corrections import requests
from rehearsal.emulator.ministack.patches import correct
from tests.emulator.iam.principals import ACCOUNT, OTHER, REGION, make_role, trusting

pytestmark = pytest.mark.usefixtures("as_it_comes")


def value(key: str, context: EvalContext) -> object:
    found: object = evaluator._resolve_condition_key(key, context)
    return found


def test_principal_arn_of_a_session_is_its_roles(session: EvalContext) -> None:
    """The fault: `aws:PrincipalArn` is the session's ARN. Corrected, it is the role's."""
    role = make_role("worker", path="/team/")
    assert value("aws:PrincipalArn", session) == session.principal_arn
    correct(requests.PRINCIPAL_ARN)
    assert value("aws:PrincipalArn", session) == role


def test_tags_of_an_assumed_role_are_known(session: EvalContext) -> None:
    """The fault: `iam:ResourceTag` has no value, so that CDK's self-mutation cannot assume its roles."""
    asking = replace(session, action="sts:AssumeRole", resource_arn=make_role("deploy", kind="Deploy"))
    assert value("iam:ResourceTag/kind", asking) is None
    correct(requests.ROLE_TAGS)
    assert value("iam:ResourceTag/kind", asking) == "Deploy"
    assert value("iam:ResourceTag/other", asking) is None


@pytest.mark.parametrize("key", ["aws:ResourceAccount", "s3:ResourceAccount"])
def test_a_buckets_account_is_its_owners(session: EvalContext, key: str) -> None:
    """The fault: the resource account of a bucket is the caller's. Corrected, it is the owner's."""
    s3._buckets.set_scoped(OTHER, None, "of-another-account", {"objects": {}})
    assert value(key, session) == ACCOUNT
    correct(requests.BUCKET_ACCOUNT)
    assert value(key, session) == OTHER


def test_a_text_that_is_no_boolean_is_false(session: EvalContext) -> None:
    """The fault: a pipeline cannot assume its build role, whose trust policy CDK wrote this way until 2.77."""
    condition = {"Bool": {"aws:ViaAWSService": "codepipeline.amazonaws.com"}}
    trust = trusting(AWS=f"arn:aws:iam::{ACCOUNT}:root")
    trust["Statement"][0]["Condition"] = condition
    role = make_role("builds", trust=trust)
    who = roles.session_principal(make_role("pipeline"), "created")
    assert not roles.trusts(role, who, REGION)
    correct(requests.VIA_SERVICE)
    assert roles.trusts(role, who, REGION)
    condition["Bool"]["aws:ViaAWSService"] = "true"
    assert not roles.trusts(make_role("for-services", trust=trust), who, REGION)


def test_a_foreign_bucket_is_asked_about_the_calling_role(session: EvalContext) -> None:
    """The fault: another account's bucket policy is evaluated for the caller's root user, not for its role."""
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
