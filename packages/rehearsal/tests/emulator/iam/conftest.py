"""A session for whose requests policies are evaluated."""

from __future__ import annotations

import pytest

from rehearsal.emulator.ministack.port.policies import EvalContext
from tests.emulator.iam.principals import ACCOUNT, REGION


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
