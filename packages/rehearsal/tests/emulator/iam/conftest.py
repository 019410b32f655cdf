"""A session for whose requests policies are evaluated, and resources of stacks that cost nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ministack.services import cloudformation
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.ministack.port.policies import EvalContext
from tests.emulator.iam.principals import ACCOUNT, REGION
from tests.emulator.iam.stack_roles import KIND


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


@pytest.fixture
def returned_names(as_it_comes: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Replace the handlers of some types with ones that only return a name; remove all stacks at the end."""
    for kind in (KIND, "AWS::Events::Rule", "AWS::IAM::Role", "AWS::Lambda::Function"):
        monkeypatch.setitem(
            provisioners._RESOURCE_HANDLERS,
            kind,
            {
                "create": lambda *_: ("made", {}),
                "update": lambda *_: ("changed", {}),
                "delete": lambda *_: None,
            },
        )
    yield
    cloudformation._stacks.clear()
