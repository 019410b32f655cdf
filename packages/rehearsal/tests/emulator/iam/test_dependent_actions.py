"""MiniStack lets everybody use all code and layers, shown without the correction: when that fails, it can go."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rehearsal.emulator.iam import enforcement, roles
from rehearsal.emulator.iam.denial_messages import Denial
from rehearsal.emulator.ministack.corrections import permissions, requests
from rehearsal.emulator.ministack.patches import correct
from tests.emulator.iam.principals import ACCOUNT, REGION, allow, make_role

pytestmark = pytest.mark.usefixtures("as_it_comes")

LAYERS = [f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:shared:1"]
CODE = {"S3Bucket": "assets", "S3Key": "code.zip"}


def decided(action: str, body: dict[str, Any], *permitted: str) -> Denial | None:
    """The decision after MiniStack has allowed the action itself."""
    who = roles.session_principal(make_role("maker", allow("lambda:Create*", *permitted)), "at-work")
    request = enforcement.Request(who, action, "*", REGION, body=json.dumps(body).encode())
    return next(filter(None, (check(request) for check in enforcement._additional_checks)), None)


@pytest.mark.parametrize(
    ("action", "body", "needed"),
    [
        ("CreateFunction", {"FunctionName": "f", "Code": CODE}, "s3:GetObject"),
        ("CreateFunction", {"FunctionName": "f", "Code": {**CODE, "S3ObjectVersion": "1"}}, "s3:GetObjectVersion"),
        ("UpdateFunctionCode", CODE, "s3:GetObject"),
        ("PublishLayerVersion", {"Content": CODE}, "s3:GetObject"),
        (
            "UpdateFunctionConfiguration",
            {"Layers": LAYERS},
            "lambda:GetLayerVersion",
        ),
        ("CreateFunction", {"FunctionName": "f", "Tags": {"team": "one"}}, "lambda:TagResource"),
    ],
)
def test_who_names_code_and_layers_has_to_be_allowed_to_use_them(
    action: str, body: dict[str, Any], needed: str
) -> None:
    """The fault: no policy is evaluated."""
    correct(requests.ENFORCEMENT)
    assert decided(f"lambda:{action}", body) is None
    correct(permissions.CODE_AND_LAYERS)
    assert decided(f"lambda:{action}", body)
    assert decided(f"lambda:{action}", body, needed) is None
