"""MiniStack's fault in trust policies, reproduced without the correction."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Iterator

import pytest
from ministack import app
from ministack.services import sts

from rehearsal.emulator.iam import enforcement, roles
from rehearsal.emulator.ministack.corrections import requests
from rehearsal.emulator.ministack.patches import correct
from tests.emulator.iam.principals import ACCOUNT, OTHER, allow, make_role, trusting

WANTED = f"arn:aws:iam::{ACCOUNT}:role/wanted"


@pytest.fixture(autouse=True)
def _a_caller(as_it_comes: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Provide a role that may assume roles, and one that trusts another account."""
    monkeypatch.setattr(app, "AUTH", True)
    who = roles.session_principal(make_role("worker", allow("sts:AssumeRole")), "at-work")
    identity = {"userArn": who.arn, "principalType": who.type, "accountId": who.account, "principalKeys": {}}
    monkeypatch.setattr(sts, "_caller_identity", lambda *_: identity)
    make_role("wanted", trust=trusting(AWS=OTHER))
    token = enforcement.caller.set(who)
    yield
    enforcement.caller.reset(token)


async def assumed() -> bytes:
    body = f"Action=AssumeRole&RoleArn={WANTED}&RoleSessionName=session".encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    _, _, answer = await sts.handle_request("POST", "/", headers, body, {})
    return bytes(answer)


def test_a_denial_by_a_trust_policy_names_the_policy() -> None:
    """The fault: the denial does not say whether the trust policy is the reason. Corrected, it does."""
    assert b"trust policy" not in asyncio.run(assumed())
    correct(requests.TRUST_DENIALS)
    told = html.unescape(asyncio.run(assumed()).decode())
    assert f"looked at own, the trust policy of {WANTED}; missing in the trust policy of {WANTED} is" in told
    assert '"Action": "sts:AssumeRole"})' in told
