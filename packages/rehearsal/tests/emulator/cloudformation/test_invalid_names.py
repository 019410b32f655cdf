"""Names that a resource type does not allow: MiniStack takes any, CloudFormation fails."""

from __future__ import annotations

import pytest
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.cloudformation.invalid_names import refuse_invalid_names
from rehearsal.emulator.ministack.corrections import refusals
from rehearsal.emulator.ministack.patches import correct
from tests.conftest import Embedded

LONG = "integration-tests-of-the-orders-service-in-the-development-account"


@pytest.mark.usefixtures("as_it_comes")
def test_ministack_creates_a_role_with_a_long_name() -> None:
    """The fault: a role's name may have more than 64 characters. Corrected, its creation fails as on AWS."""
    role = {"RoleName": LONG, "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}
    assert provisioners._provision_resource("AWS::IAM::Role", "Role", role, "stack")[0] == LONG
    correct(refusals.INVALID_NAMES)
    with pytest.raises(ValueError, match=r"resource Role with message: #/RoleName: expected maxLength: 64, actual: 66"):
        provisioners._provision_resource("AWS::IAM::Role", "Role", role, "stack")


@pytest.mark.parametrize(
    ("type_", "key", "name", "valid"),
    [
        ("AWS::S3::Bucket", "BucketName", "orders.example-1", True),
        ("AWS::S3::Bucket", "BucketName", "Orders", False),
        ("AWS::S3::Bucket", "BucketName", "orders_1", False),
        ("AWS::Lambda::Function", "FunctionName", "orders_1-A", True),
        ("AWS::Lambda::Function", "FunctionName", LONG, False),
        ("AWS::Events::Rule", "Name", "nightly run", False),
        ("AWS::Logs::LogGroup", "LogGroupName", "/aws/lambda/orders", True),
        ("AWS::ECR::Repository", "RepositoryName", "team/orders", True),
        ("AWS::ECR::Repository", "RepositoryName", "Team", False),
        ("AWS::SQS::Queue", "QueueName", LONG, True),
        ("Custom::Thing", "Name", LONG, True),
    ],
)
def test_a_name_fits_its_resource_type(type_: str, key: str, name: str, valid: bool) -> None:
    """Length and characters of a name are those of the type's schema; a type without a schema takes any name."""

    def attempt() -> str:
        try:
            return str(refuse_invalid_names(lambda *_: "created")(type_, "Thing", {key: name}, "stack"))
        except ValueError as error:
            return str(error)

    assert (attempt() == "created") is valid
    assert valid or f"Properties validation failed for resource Thing with message: #/{key}" in attempt()


def test_a_stack_with_an_invalid_name_is_rolled_back(embedded: Embedded) -> None:
    """The stack's creation fails at the resource."""
    resources = {"Store": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "My_Store"}}}
    assert embedded.stack(embedded.name("stack"), resources)["StackStatus"] == "ROLLBACK_COMPLETE"
