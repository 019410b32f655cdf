"""Changes that broaden access are reported, and other changes are not."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from cdk_delivery.changes.broadening import broadenings
from cdk_delivery.cloud_assembly import Template

QUEUE = {"Fn::GetAtt": ["Queue", "Arn"]}


def template(**resources: Any) -> Any:
    """Return a template: logical id -> properties. The type is the beginning of the id."""
    types = {"Role": "AWS::IAM::Role", "Policy": "AWS::IAM::ManagedPolicy", "Key": "AWS::KMS::Key"}
    types |= {"Group": "AWS::EC2::SecurityGroup", "Call": "AWS::Lambda::Permission"}
    return {"Resources": {id_: {"Type": types[id_], "Properties": properties} for id_, properties in resources.items()}}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    """Return a policy document."""
    return {"PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}


def allow(action: Any, resource: Any = QUEUE, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
IF = {"StringEquals": {"aws:SourceAccount": "1"}}
RULE = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8"}

BROADER = {
    "an action": (policy(allow("sqs:SendMessage")), policy(allow(["sqs:SendMessage", "sqs:DeleteQueue"]))),
    "every resource": (policy(allow("sqs:SendMessage")), policy(allow("sqs:SendMessage", "*"))),
    "a wildcard": (policy(allow("sqs:SendMessage")), policy(allow("sqs:*"))),
    "a condition gone": (policy(allow("sqs:SendMessage", Condition=IF)), policy(allow("sqs:SendMessage"))),
    "another condition": (
        policy(allow("sqs:SendMessage", Condition=IF)),
        policy(allow("sqs:SendMessage", Condition={"StringLike": {"aws:SourceAccount": "*"}})),
    ),
    "a denial gone": (policy({"Effect": "Deny", "Action": "s3:*", "Resource": "*"}), policy()),
    "all actions but one": (policy(allow("sqs:*")), policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})),
    "one statement, not in a list": (policy(), {"PolicyDocument": {"Statement": allow("sqs:*")}}),
}


@pytest.mark.gate
@pytest.mark.parametrize("case", BROADER)
def test_a_policy_that_allows_more_is_found(case: str) -> None:
    """Every way to allow more is reported: actions, resources, principals, conditions and their inverses."""
    old, new = BROADER[case]
    (found,) = broadenings(template(Policy=old), template(Policy=new))
    assert found.startswith("Policy: ")


@pytest.mark.gate
def test_a_changed_trust_policy_is_found() -> None:
    """Another account, any principal, and an AWS managed policy are reported."""
    old = {"AssumeRolePolicyDocument": {"Statement": [TRUST]}}
    new = deepcopy(old)
    new["AssumeRolePolicyDocument"]["Statement"].append({**TRUST, "Principal": {"AWS": ["*"]}})
    assert broadenings(template(Role=old), template(Role=new)) == ["Role: * may sts:AssumeRole on itself"]
    admin = {**old, "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]}
    assert broadenings(template(Role=old), template(Role=admin)) == [
        "Role: use the policy on arn:aws:iam::aws:policy/AdministratorAccess"
    ]


@pytest.mark.gate
def test_a_boundary_that_changes_is_found() -> None:
    """A removed or replaced permissions boundary is reported: it limited the role."""
    (found,) = broadenings(template(Role={"PermissionsBoundary": "b"}), template(Role={}))
    assert found == "Role: its permissions boundary changes from b to none"


@pytest.mark.gate
def test_an_opened_security_group_is_found() -> None:
    """A new rule is reported; a new description of a rule is not."""
    old, described = {"SecurityGroupIngress": [RULE]}, {"SecurityGroupIngress": [{**RULE, "Description": "why"}]}
    opened = {"SecurityGroupIngress": [RULE, {**RULE, "CidrIp": "0.0.0.0/0"}]}
    assert broadenings(template(Group=old), template(Group=described)) == []
    (found,) = broadenings(template(Group=old), template(Group=opened))
    assert "0.0.0.0/0" in found


@pytest.mark.gate
def test_a_new_caller_of_a_function_is_found() -> None:
    """A Lambda permission is reported: it is a separate resource without a policy document."""
    call = {"Action": "lambda:InvokeFunction", "FunctionName": "f", "Principal": "s3.amazonaws.com"}
    (found,) = broadenings(template(), template(Call=call))
    assert found == "Call: s3.amazonaws.com may lambda:InvokeFunction on f"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (policy(allow("sqs:*")), policy(allow("sqs:SendMessage"))),
        (policy(allow("sqs:SendMessage", "*")), policy(allow("sqs:SendMessage"))),
        (policy(allow("sqs:SendMessage")), policy(allow("sqs:SendMessage", Condition=IF))),
        (policy(allow(["a:B", "a:C"])), policy(allow("a:C"), allow("a:B", Sid="Split"))),
        (policy(), policy({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})),
        (policy(allow("sqs:*")), policy()),
    ],
)
def test_narrower_permissions_are_not_reported(old: Template, new: Template) -> None:
    """Narrower, equivalent and removed permissions are not reported."""
    assert broadenings(template(Policy=old), template(Policy=new)) == []
