"""MiniStack in this process, as it comes, and as it was again after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rehearsal.emulator.ministack.port.policies import EvalContext
from rehearsal.emulator.ministack.port.requests import request_scope
from tests.emulator.iam.principals import ACCOUNT, REGION
from tests.emulator.ministack.snapshot import take_snapshot


@pytest.fixture
def as_it_comes() -> Iterator[None]:
    """MiniStack without any correction, in one account and region; what a test corrects or stores is undone."""
    restore = take_snapshot()
    with request_scope(ACCOUNT, REGION):
        yield
    restore()


@pytest.fixture
def session() -> EvalContext:
    """A session of the role `worker` that reads an object of another account's bucket."""
    return EvalContext(
        principal_arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/at-work",
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action="s3:GetObject",
        resource_arn="arn:aws:s3:::of-another-account/key",
        region=REGION,
    )
