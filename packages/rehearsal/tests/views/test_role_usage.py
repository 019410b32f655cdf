"""Comparison of roles' grants with the requests that they made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from rehearsal.commands.permissions import select_reports
from rehearsal.emulator.iam.decision_log import Decision, Decisions, read
from rehearsal.errors import WrongUse
from rehearsal.views.role_usage import Grant, grants, report

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

ROLE, OTHER = "arn:aws:iam::111111111111:role/build", "arn:aws:iam::111111111111:role/other"
OBJECT = "arn:aws:s3:::bucket/key"


def allowed(action: str, resource: str = OBJECT, role: str = ROLE) -> Decision:
    return Decision(role, action, resource, allowed=True)


def test_grants_are_used_unused_or_denied() -> None:
    """Requests are matched with IAM's patterns of actions and resources; requests of other roles are ignored."""
    read_objects = Grant("own", "s3:GetObject*", ("arn:aws:s3:::bucket/*",))
    elsewhere = Grant("own", "s3:GetObject*", ("arn:aws:s3:::elsewhere/*",))
    write = Grant("own", "s3:PutObject", ("*",))
    denied = Decision(ROLE, "kms:Decrypt", "arn:key", allowed=False, why="missing")
    made = [allowed("s3:GetObjectVersion"), allowed("s3:PutObject", role=OTHER), denied, denied]
    found = report(ROLE, [read_objects, elsewhere, write], made)
    assert found.used == ("s3:GetObjectVersion",)
    assert found.unused == (elsewhere, write)
    assert found.denied == (denied,)
    assert found.unused_by_resource()["own", ("*",)] == ["s3:PutObject"]


def test_resources_of_stacks_count_by_their_type() -> None:
    """A request for a stack's resource, of which only the type is known, uses a grant."""
    create = Grant("own", "sqs:Create*", ("arn:aws:sqs:*:*:mine-*",))
    assert report(ROLE, [create], [allowed("sqs:CreateQueue", "AWS::SQS::Queue of stack s")]).unused == ()


def test_a_question_mark_is_one_character_and_a_bracket_itself() -> None:
    """In IAM's patterns, `?` matches one character and brackets match themselves."""
    grant = Grant("own", "s3:Get?bject", ("arn:aws:s3:::[bucket]/*",))
    assert report(ROLE, [grant], [allowed("s3:GetObject", "arn:aws:s3:::[bucket]/key")]).unused == ()
    assert report(ROLE, [grant], [allowed("s3:GetObject", "arn:aws:s3:::b/key")]).unused == (grant,)


def test_an_unknown_role_is_an_error() -> None:
    """The error lists the roles."""
    reports = [report(role, [], []) for role in (ROLE, OTHER)]
    assert select_reports(reports, "uil") == reports[:1]
    assert select_reports(reports, None) == reports
    with pytest.raises(WrongUse, match="no role has none in its name; there are build, other"):
        select_reports(reports, "none")


class Iam:
    """An IAM client of one role with an inline policy and an attached one."""

    def list_role_policies(self, **_: str) -> Any:
        return {"PolicyNames": ["inline"]}

    def get_role_policy(self, **_: str) -> Any:
        deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
        allow = {"Effect": "Allow", "Action": ["a:One", "a:Two"], "Resource": "arn:a"}
        return {"PolicyDocument": {"Statement": [deny, allow]}}

    def list_attached_role_policies(self, **_: str) -> Any:
        return {"AttachedPolicies": [{"PolicyName": "attached", "PolicyArn": "arn:policy"}]}

    def get_policy(self, **_: str) -> Any:
        return {"Policy": {"DefaultVersionId": "v2"}}

    def get_policy_version(self, *, VersionId: str, **_: str) -> Any:  # noqa: N803 - as boto3 has it
        assert VersionId == "v2"
        statement = {"Effect": "Allow", "Action": "b:*", "Resource": ["arn:b", "arn:c"]}
        return {"PolicyVersion": {"Document": json.dumps({"Statement": statement})}}


def test_inline_and_attached_policies_are_read() -> None:
    """Each action that a statement allows is a separate grant; Deny statements are ignored."""
    assert list(grants(cast("IAMClient", Iam()), ROLE)) == [
        Grant("inline", "a:One", ("arn:a",)),
        Grant("inline", "a:Two", ("arn:a",)),
        Grant("attached", "b:*", ("arn:b", "arn:c")),
    ]


def test_exceptions_of_a_statement_are_read() -> None:
    """NotAction and NotResource are shown as exceptions, and matched as IAM does."""
    document = {
        "Statement": [
            {"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"},
            {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::bucket/*"},
        ]
    }

    class Excepting(Iam):
        def get_role_policy(self, **_: str) -> Any:
            return {"PolicyDocument": document}

    but_iam, elsewhere = list(grants(cast("IAMClient", Excepting()), ROLE))[:2]
    assert (but_iam.action_text(), elsewhere.resource_texts()) == (
        "all but iam:*, sts:*",
        ("all but arn:aws:s3:::bucket/*",),
    )
    assert report(ROLE, [but_iam, elsewhere], [allowed("iam:GetRole", "*")]).unused == (but_iam, elsewhere)
    assert report(ROLE, [but_iam, elsewhere], [allowed("s3:GetObject")]).unused == (elsewhere,)
    assert report(ROLE, [elsewhere], [allowed("s3:GetObject", "arn:aws:s3:::other/key")]).unused == ()


def test_a_line_that_was_cut_short_is_left_out(tmp_path: Path) -> None:
    """An incomplete line, as a kill leaves it, is skipped, and later decisions are complete."""
    path = tmp_path / "decisions.jsonl"
    first, second = Decisions(), Decisions()
    first.append_to(path)
    first.add(allowed("s3:GetObject"))
    with path.open("a") as file:
        file.write('{"principal": "arn:aws:i')
    assert list(read(path)) == [allowed("s3:GetObject")]
    second.append_to(path)
    second.add(allowed("s3:PutObject"))
    assert list(read(path)) == [allowed("s3:GetObject"), allowed("s3:PutObject")]


def test_decisions_are_kept_once_and_over_restarts(tmp_path: Path) -> None:
    """Repeated decisions are written once, also after a restart."""
    path = tmp_path / "decisions.jsonl"
    for _ in range(2):
        kept = Decisions()
        kept.append_to(path)
        kept.add(allowed("s3:GetObject"))
        kept.add(allowed("s3:GetObject"))
    assert list(read(path)) == [allowed("s3:GetObject")]
    assert list(read(tmp_path / "none")) == []
