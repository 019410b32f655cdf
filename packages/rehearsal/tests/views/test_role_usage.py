"""Roles, held against what they did."""

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


def test_what_was_used_never_used_and_denied_is_told_apart() -> None:
    """Patterns of actions and resources are IAM's; what another role did does not count."""
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


def test_what_cloudformation_made_has_no_arn_and_counts() -> None:
    """Of a stack's resources the type is known."""
    create = Grant("own", "sqs:Create*", ("arn:aws:sqs:*:*:mine-*",))
    assert report(ROLE, [create], [allowed("sqs:CreateQueue", "AWS::SQS::Queue of stack s")]).unused == ()


def test_a_question_mark_is_one_character_and_a_bracket_itself() -> None:
    """No other pattern language."""
    grant = Grant("own", "s3:Get?bject", ("arn:aws:s3:::[bucket]/*",))
    assert report(ROLE, [grant], [allowed("s3:GetObject", "arn:aws:s3:::[bucket]/key")]).unused == ()
    assert report(ROLE, [grant], [allowed("s3:GetObject", "arn:aws:s3:::b/key")]).unused == (grant,)


def test_a_role_that_is_not_there_is_told() -> None:
    """With those that are: an empty list would look as if it had done nothing."""
    reports = [report(each, [], []) for each in (ROLE, OTHER)]
    assert select_reports(reports, "uil") == reports[:1]
    assert select_reports(reports, None) == reports
    with pytest.raises(WrongUse, match="no role has none in its name; there are build, other"):
        select_reports(reports, "none")


class Iam:
    """Answers as IAM does, of one role with an inline policy and an attached one."""

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
    """Each action that a statement allows is a separate grant; a Deny grants nothing."""
    assert list(grants(cast("IAMClient", Iam()), ROLE)) == [
        Grant("inline", "a:One", ("arn:a",)),
        Grant("inline", "a:Two", ("arn:a",)),
        Grant("attached", "b:*", ("arn:b", "arn:c")),
    ]


def test_what_a_statement_excepts_is_told() -> None:
    """NotAction grants nearly everything, NotResource nearly everywhere: neither is left out or taken for all."""
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
    """After a kill at any time, the next decision is on a separate line."""
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
    """A queue is polled all the time."""
    path = tmp_path / "decisions.jsonl"
    for _ in range(2):
        kept = Decisions()
        kept.append_to(path)
        kept.add(allowed("s3:GetObject"))
        kept.add(allowed("s3:GetObject"))
    assert list(read(path)) == [allowed("s3:GetObject")]
    assert list(read(tmp_path / "none")) == []
