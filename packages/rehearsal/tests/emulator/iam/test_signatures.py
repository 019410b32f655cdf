"""MiniStack's fault about signatures, shown without its correction: when one fails, the correction can go."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from ministack.core import iam_evaluator as evaluator
from ministack.core.iam_evaluator import AuthError

from rehearsal.emulator.ministack.corrections import requests
from rehearsal.emulator.ministack.patches import correct
from tests.emulator.iam.principals import ACCOUNT, REGION

pytestmark = pytest.mark.usefixtures("as_it_comes")

HOST = "127.0.0.1:4566"
OURS = "known-to-the-person-at-the-machine"


@pytest.fixture(autouse=True)
def _secret(as_it_comes: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The root users' secret, and no request that is left over."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", OURS)
    yield
    evaluator._signed_request.set(None)
    evaluator._anonymous.set(False)


def pin(secret: str, signer: type[SigV4Auth] = SigV4Auth) -> None:
    """A request arrives that the account's root user seems to have signed with `secret`."""
    request = AWSRequest("GET", f"https://{HOST}/", headers={"Host": HOST})
    signer(Credentials(ACCOUNT, secret), "sqs", REGION).add_auth(request)
    query = parse_qs(urlsplit(str(request.url)).query)
    headers = [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
    evaluator.pin_signed_request("GET", "/", query, headers)


def refused() -> bool:
    return isinstance(evaluator.authenticate(ACCOUNT, ACCOUNT), AuthError)


@pytest.mark.parametrize("signer", [SigV4Auth, SigV4QueryAuth])
def test_signatures_of_root_users_are_verified(signer: type[SigV4Auth]) -> None:
    """The fault: who knows an account's id is its root user, whatever the secret; in the header and in a URL."""
    pin("guessed", signer)
    assert not refused()
    correct(requests.ROOT_SIGNATURES)
    pin("guessed", signer)
    assert refused()


def test_the_root_user_itself_is_let_in() -> None:
    """With the secret."""
    correct(requests.ROOT_SIGNATURES)
    pin(OURS)
    assert not refused()


def test_who_signs_nothing_is_nobody() -> None:
    """The fault: a header that is not a signature counts as the root user of account 000000000000."""
    header = [(b"authorization", b"none")]
    evaluator.pin_signed_request("GET", "/", {}, header)
    assert not evaluator._anonymous.get()
    correct(requests.ROOT_SIGNATURES)
    evaluator.pin_signed_request("GET", "/", {}, header)
    assert evaluator._anonymous.get()
