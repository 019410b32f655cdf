"""Permissions for a function's code and layers: MiniStack does not evaluate them without the correction."""

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
    """Return the denial of the checks that follow MiniStack's own decision, or None."""
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
def test_code_and_layers_need_permissions(action: str, body: dict[str, Any], needed: str) -> None:
    """The fault: no policy is evaluated for the code and the layers of a function."""
    correct(requests.ENFORCEMENT)
    assert decided(f"lambda:{action}", body) is None
    correct(permissions.CODE_AND_LAYERS)
    assert decided(f"lambda:{action}", body)
    assert decided(f"lambda:{action}", body, needed) is None
