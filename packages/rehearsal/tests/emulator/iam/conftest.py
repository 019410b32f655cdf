"""MiniStack in this process, as it comes, and as it was again after each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.core.iam_evaluator import EvalContext
from ministack.core.responses import request_scope
from ministack.services import cloudformation, iam, kms, lambda_svc, s3, secretsmanager, sns, sqs, ssm, sts
from ministack.services.cloudformation import provisioners, stacks

from tests.emulator.iam.principals import ACCOUNT, REGION

CHANGED = (app, iam_actions, iam_evaluator, lambda_svc, provisioners, s3, sns, stacks, sts)
TABLES: tuple[dict[str, Any], ...] = (
    *(cloudformation._ACTION_HANDLERS, sts._sessions),
    *provisioners._RESOURCE_HANDLERS.values(),
)
STORES = (
    *(
        iam._roles,
        iam._users,
        iam._user_inline_policies,
        s3._buckets,
        s3._bucket_encryption,
        s3._bucket_policies,
        s3._multipart_uploads,
    ),
    *(kms._keys, kms._aliases, sqs._queues, sns._topics, secretsmanager._secrets, ssm._parameters),
)


@pytest.fixture
def as_it_comes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """MiniStack without any correction, in one account and region; whatever a test corrects or stores goes again."""
    modules = [(vars(module), dict(vars(module))) for module in CHANGED]
    tables = [(table, dict(table)) for table in TABLES]
    stores = [(store._data, dict(store._data)) for store in STORES]
    with request_scope(ACCOUNT, REGION):
        yield
    for now, before in (*modules, *tables, *stores):
        now.clear()
        now.update(before)


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
