"""The ARNs for which CloudFormation's role is evaluated, by action and resource."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.emulator.iam.resource_arns import Resource, arns
from tests.emulator.iam.principals import ACCOUNT, REGION

pytestmark = pytest.mark.usefixtures("as_it_comes")

HERE = f"{REGION}:{ACCOUNT}"


def asked(action: str, kind: str, id_: str = "", **properties: Any) -> list[str]:
    return arns(action, Resource(f"AWS::{kind}", "Stack", "Logical", properties, id_))


@pytest.mark.parametrize(
    ("action", "kind", "properties", "arn"),
    [
        ("sqs:CreateQueue", "SQS::Queue", {"QueueName": "q"}, f"arn:aws:sqs:{HERE}:q"),
        ("iam:CreateRole", "IAM::Role", {"RoleName": "r", "Path": "/team/"}, f"arn:aws:iam::{ACCOUNT}:role/team/r"),
        (
            "logs:CreateLogGroup",
            "Logs::LogGroup",
            {"LogGroupName": "/a/b"},
            f"arn:aws:logs:{HERE}:log-group:/a/b:log-stream:",
        ),
        ("ssm:PutParameter", "SSM::Parameter", {"Name": "/a/b"}, f"arn:aws:ssm:{HERE}:parameter/a/b"),
        ("events:PutRule", "Events::Rule", {"Name": "r"}, f"arn:aws:events:{HERE}:rule/r"),
        ("kms:CreateAlias", "KMS::Alias", {"AliasName": "alias/a/b"}, f"arn:aws:kms:{HERE}:alias/a/b"),
        ("codebuild:CreateProject", "CodeBuild::Project", {"Name": "p"}, f"arn:aws:codebuild:{HERE}:project/p"),
    ],
)
def test_the_name_in_the_template_makes_the_arn(action: str, kind: str, properties: dict[str, str], arn: str) -> None:
    """The ARN has the template's name, in the format of the service authorization reference."""
    assert asked(action, kind, **properties) == [arn]


def test_a_name_that_cloudformation_makes_up_begins_with_stack_and_resource() -> None:
    """A generated name begins with the stack and the logical id, for buckets in lower case."""
    (queue,) = asked("sqs:CreateQueue", "SQS::Queue")
    assert queue.startswith(f"arn:aws:sqs:{HERE}:Stack-Logical-")
    (bucket,) = asked("s3:CreateBucket", "S3::Bucket")
    assert bucket.startswith("arn:aws:s3:::stack-logical-")


def test_what_exists_is_known_by_its_id() -> None:
    """An existing resource's ARN follows from its name, ARN or queue URL."""
    assert asked("lambda:DeleteFunction", "Lambda::Function", "f") == [f"arn:aws:lambda:{HERE}:function:f"]
    assert asked("iam:DeletePolicy", "IAM::ManagedPolicy", "arn:aws:iam::1:policy/p") == ["arn:aws:iam::1:policy/p"]
    assert asked("sqs:DeleteQueue", "SQS::Queue", "https://host/1/q") == [f"arn:aws:sqs:{HERE}:q"]


def test_a_part_of_another_resource_is_asked_about_that_one() -> None:
    """An alias is evaluated for its function, a policy for its roles, a queue policy for its queues."""
    function = f"arn:aws:lambda:{HERE}:function:f"
    assert asked("lambda:CreateAlias", "Lambda::Alias", FunctionName="f", Name="live") == [function]
    assert asked("lambda:UpdateAlias", "Lambda::Alias", f"{function}:live", FunctionName="f", Name="live") == [function]
    assert asked("iam:PutRolePolicy", "IAM::Policy", PolicyName="p", Roles=["r", "s"]) == [
        f"arn:aws:iam::{ACCOUNT}:role/r",
        f"arn:aws:iam::{ACCOUNT}:role/s",
    ]
    queues = ["https://host/1/q"]
    assert asked("sqs:SetQueueAttributes", "SQS::QueuePolicy", "id", Queues=queues) == [f"arn:aws:sqs:{HERE}:q"]


def test_an_action_without_resources_is_asked_about_all() -> None:
    """An action without resource types is evaluated for `*`, as on AWS."""
    assert asked("kms:CreateKey", "KMS::Key") == ["*"]
    assert asked("lambda:CreateEventSourceMapping", "Lambda::EventSourceMapping") == ["*"]


def test_an_unknown_resource_has_no_arn() -> None:
    """A resource without a name or a reference to its owner has no ARN."""
    assert asked("lambda:AddPermission", "Lambda::Permission") == []
