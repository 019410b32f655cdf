"""Messages of denials, and the log of decisions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ministack.core import iam_actions
from ministack.core.iam_evaluator import PrincipalInfo
from ministack.services import iam

from rehearsal.emulator.iam import enforcement, roles
from rehearsal.emulator.iam.decision_log import Decision, Decisions
from rehearsal.emulator.iam.enforcement import Request
from rehearsal.emulator.ministack.corrections import requests
from rehearsal.emulator.ministack.patches import correct
from tests.emulator.iam.principals import ACCOUNT, OTHER, REGION, allow, make_role

pytestmark = pytest.mark.usefixtures("as_it_comes")

BUCKET = "arn:aws:s3:::bucket"


def allow_all(principal: str, **more: Any) -> dict[str, Any]:
    """Return a resource policy that allows everything to one principal."""
    policy = allow("*", **more)
    policy["Statement"][0]["Principal"] = {"AWS": principal}
    return policy


def request(role: str) -> Request:
    return Request(roles.session_principal(role, "at-work"), "", "", REGION)


def test_a_denial_explains_itself() -> None:
    """A denial names principal, action, resource, evaluated policies, and the missing statement."""
    role = make_role("worker", allow("s3:PutObject"))
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/at-work"
    denial = enforcement.find_denial(request(role).for_action("s3:GetObject", BUCKET))
    assert denial
    missing = json.dumps({"Effect": "Allow", "Action": "s3:GetObject", "Resource": BUCKET})
    assert denial.message(session) == (
        f"User: {session} is not authorized to perform: s3:GetObject on resource: {BUCKET} "
        f"(looked at own; missing is {missing})"
    )


def test_an_explicit_deny_is_named() -> None:
    """The denial names the Sid of the explicit Deny instead of a missing statement."""
    role = make_role("worker", allow("s3:*", effect="Deny", Sid="NoBuckets"))
    denial = enforcement.find_denial(request(role).for_action("s3:GetObject", BUCKET))
    assert denial
    assert "a statement NoBuckets with Effect Deny matches" in denial.message("anybody")


def test_conditions_that_are_not_met_are_named() -> None:
    """The denial names the statement whose conditions are not met instead of a missing statement."""
    bound = {"StringLike": {"iam:PermissionsBoundary": "arn:aws:iam::*:policy/boundary"}}
    role = make_role("worker", allow("iam:CreateRole", Sid="BoundRoles", Condition=bound))
    denial = enforcement.find_denial(request(role).for_action("iam:CreateRole", "arn:aws:iam::1:role/new"))
    assert denial
    told = denial.message("anybody")
    assert f"a statement BoundRoles would allow it, but its conditions are not met: {json.dumps(bound)}" in told
    assert "missing is" not in told


def test_a_boundary_that_does_not_allow_it_is_named() -> None:
    """The denial names the permissions boundary if the role's policies allow the action."""
    role = make_role("worker", allow("s3:*"))
    iam._roles["worker"]["PermissionsBoundary"] = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    denial = enforcement.find_denial(request(role).for_action("s3:PutObject", BUCKET))
    assert denial
    told = denial.message("anybody")
    assert "the boundary arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess; its policies allow it, its boundary" in told


def test_a_statement_without_a_name_is_one_all_the_same() -> None:
    """The denial also reports a statement without a Sid."""
    role = make_role("worker", allow("s3:*", Condition={"StringEquals": {"aws:RequestedRegion": "eu-north-1"}}))
    denial = enforcement.find_denial(request(role).for_action("s3:GetObject", BUCKET))
    assert denial
    assert "; a statement would allow it, but" in denial.message("anybody")


def test_the_denial_of_a_user_names_its_policies() -> None:
    """The denial of a user names its attached and inline policies."""
    arn = f"arn:aws:iam::{ACCOUNT}:user/person"
    iam._users["person"] = {"Arn": arn, "UserName": "person", "AttachedPolicies": ["arn:aws:iam::aws:policy/Managed"]}
    user = PrincipalInfo(arn, "User", ACCOUNT, [])
    denial = enforcement.find_denial(Request(user, "s3:GetObject", BUCKET, REGION))
    assert denial
    assert "looked at arn:aws:iam::aws:policy/Managed; missing is" in denial.message("anybody")
    iam._users["person"]["AttachedPolicies"] = []
    iam._user_inline_policies["person"] = {"inline": "{}"}
    assert roles.policies(arn) == ["inline"]
    iam._user_inline_policies.pop("person")
    denial = enforcement.find_denial(Request(user, "s3:PutObject", BUCKET, REGION))
    assert denial
    assert "looked at no policy at all: the user has none" in denial.message("anybody")


KEY = f"arn:aws:kms:{REGION}:{OTHER}:key/k"


@pytest.mark.parametrize(
    ("own", "policy", "told"),
    [
        (allow("kms:*"), allow_all(f"arn:aws:iam::{OTHER}:root"), f"missing in the policy of {KEY} is"),
        (None, allow_all(f"arn:aws:iam::{ACCOUNT}:root"), "; missing is {"),
        (allow("kms:*"), allow_all("*", effect="Deny", Sid="Never"), f"a statement Never of the policy of {KEY} with"),
    ],
    ids=["the key's policy lacks it", "the role's policies lack it", "the key's policy denies it"],
)
def test_a_denial_names_the_policy_that_lacks_the_statement(own: Any, policy: Any, told: str) -> None:
    """The denial says whether the principal's or the resource's policy is the reason."""
    role = make_role("worker", own)
    document = json.dumps(policy)
    denial = enforcement.find_denial(
        request(role).for_action("kms:Decrypt", KEY), policy=document, owner=OTHER, required=True
    )
    assert denial
    message = denial.message("anybody")
    assert f"the policy of {KEY}; " in message
    assert told in message
    assert message.count("missing") <= 1


@pytest.mark.parametrize("service", ["sqs", "logs", "ssm"])
def test_the_answer_to_a_denied_request_says_why(service: str) -> None:
    """The fault: the response only says that the request is denied. Corrected, it has the reason."""

    def answer() -> bytes:
        _, _, body = iam_actions.access_denied_response(service, f"{service}:Any", "arn:me", "id")
        return bytes(body)

    assert enforcement.find_denial(request(make_role("worker")).for_action(f"{service}:Any", "arn:any"))
    assert b"missing is" not in answer()
    correct(requests.ENFORCEMENT)
    assert b"looked at no policy at all: the role has none; missing is" in answer()


def test_decisions_are_logged_by_role(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decisions are logged with the role's ARN, not the session's."""
    noted: list[Decision] = []
    monkeypatch.setattr(Decisions, "add", lambda _, decision: noted.append(decision))
    role = make_role("worker", allow("s3:GetObject"), path="/team/")
    assert enforcement.find_denial(request(role).for_action("s3:GetObject", BUCKET)) is None
    refused = enforcement.find_denial(request(role).for_action("s3:PutObject", BUCKET))
    assert refused
    assert [(decision.principal, decision.action, decision.allowed) for decision in noted] == [
        (role, "s3:GetObject", True),
        (role, "s3:PutObject", False),
    ]
