"""The AWS managed policies for CodeDeploy's service roles for Lambda, which MiniStack lacks.

Source: AWS CodeDeploy user guide, "AWS managed (predefined) policies for CodeDeploy".
"""

from __future__ import annotations

import json

from rehearsal.emulator.ministack.port import iam

_ALIASES = [
    "cloudwatch:DescribeAlarms",
    "lambda:UpdateAlias",
    "lambda:GetAlias",
    "lambda:GetProvisionedConcurrencyConfig",
]
_OBJECTS = ["s3:GetObject", "s3:GetObjectVersion"]
_TAGGED = {"StringEquals": {"s3:ExistingObjectTag/UseWithCodeDeploy": "true"}}


def add() -> None:
    """Add the policies to MiniStack's IAM."""
    for name, actions in (
        ("AWSCodeDeployRoleForLambda", [*_ALIASES, "sns:Publish"]),
        ("AWSCodeDeployRoleForLambdaLimited", _ALIASES),
    ):
        statements: list[dict[str, object]] = [
            _allow(actions, "*"),
            _allow(_OBJECTS, "arn:aws:s3:::*/CodeDeploy/*"),
            {**_allow(_OBJECTS, "*"), "Condition": _TAGGED},
            _allow(["lambda:InvokeFunction"], "arn:aws:lambda:*:*:function:CodeDeployHook_*"),
        ]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.add_managed_policy(f"service-role/{name}", document)


def _allow(actions: list[str], resource: str) -> dict[str, object]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}
