"""MiniStack's faults in signatures, reproduced without the correction."""

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
    """Set the root users' secret; forget all requests at the end."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", OURS)
    yield
    evaluator._signed_request.set(None)
    evaluator._anonymous.set(False)


def pin(secret: str, signer: type[SigV4Auth] = SigV4Auth) -> None:
    """Simulate a request that the account's root user has signed with `secret`."""
    request = AWSRequest("GET", f"https://{HOST}/", headers={"Host": HOST})
    signer(Credentials(ACCOUNT, secret), "sqs", REGION).add_auth(request)
    query = parse_qs(urlsplit(str(request.url)).query)
    headers = [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
    evaluator.pin_signed_request("GET", "/", query, headers)


def refused() -> bool:
    return isinstance(evaluator.authenticate(ACCOUNT, ACCOUNT), AuthError)


@pytest.mark.parametrize("signer", [SigV4Auth, SigV4QueryAuth])
def test_signatures_of_root_users_are_verified(signer: type[SigV4Auth]) -> None:
    """The fault: root signatures are not verified, neither in the header nor in a URL."""
    pin("guessed", signer)
    assert not refused()
    correct(requests.ROOT_SIGNATURES)
    pin("guessed", signer)
    assert refused()


def test_a_root_user_with_the_secret_is_accepted() -> None:
    """A root user with the right secret is accepted."""
    correct(requests.ROOT_SIGNATURES)
    pin(OURS)
    assert not refused()


def test_an_invalid_authorization_header_is_anonymous() -> None:
    """The fault: an invalid Authorization header is a root user, of 000000000000. Corrected, it is anonymous."""
    header = [(b"authorization", b"none")]
    evaluator.pin_signed_request("GET", "/", {}, header)
    assert not evaluator._anonymous.get()
    correct(requests.ROOT_SIGNATURES)
    evaluator.pin_signed_request("GET", "/", {}, header)
    assert evaluator._anonymous.get()
