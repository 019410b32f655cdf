"""Resources of a stack with a role, which cost nothing with the fixture `returned_names`."""

from __future__ import annotations

from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import stacks

from rehearsal.emulator.iam import cloudformation_roles
from tests.emulator.iam.principals import trusting

KIND = "AWS::SQS::Queue"
CLOUDFORMATION = trusting(Service="cloudformation.amazonaws.com")


def stack_of(role: str) -> None:
    cloudformation._stacks["stack"] = {"StackName": "stack", cloudformation_roles.ROLE: role}


def make(kind: str = KIND, **properties: Any) -> str:
    return str(stacks._provision_resource(kind, "Logical", properties, "stack")[0])
