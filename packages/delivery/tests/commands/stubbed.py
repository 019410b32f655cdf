"""Sessions whose clients return fixed answers, for states that the embedded AWS cannot have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
from botocore.stub import Stubber

from cdk_delivery.commands.accounts import Sessions, Target

Answers = Callable[[Stubber], object]


class Stubbed(Sessions):
    """Sessions whose clients all return the same answers."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def client(self, service: str, target: Target) -> Any:
        keys = {"aws_access_key_id": "1", "aws_secret_access_key": "1"}
        api = boto3.client(service, region_name=target.region, **keys)
        stub = Stubber(api)
        self._answers(stub)
        stub.activate()
        return api


def holding(*stacks: str | dict[str, Any]) -> Answers:
    """Return a CloudFormation API with these stacks, by name or by description."""
    known = {"StackStatus": "CREATE_COMPLETE", "CreationTime": "2026-01-01T00:00:00Z"}
    described = [known | ({"StackName": stack} if isinstance(stack, str) else stack) for stack in stacks]
    return lambda stub: stub.add_response("describe_stacks", {"Stacks": described})
