"""A change can broaden access without a new statement of a policy; changes that cannot be read count as broadening."""

from __future__ import annotations

from typing import Any

import pytest

from cdk_delivery.changes.broadening import broadenings
from cdk_delivery.cloud_assembly import Template
from tests.changes.test_broadening import RULE, TRUST, allow, policy


def of(kind: str, **properties: Any) -> dict[str, Any]:
    """Return one resource."""
    return {"Type": kind, "Properties": properties}


def holding(sections: dict[str, Any] | None = None, **resources: dict[str, Any]) -> Any:
    """Return a template of these resources."""
    return {"Resources": resources, **(sections or {})}


DENY = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
A, B = {"Ref": "A"}, {"Ref": "B"}
ADMIN = of("AWS::IAM::Role", AssumeRolePolicyDocument={"Statement": [TRUST]})
BEFORE = '{"Statement": [{"Effect": "Allow", "Principal": "'
AFTER = '", "Action": "logs:Put%s", "Resource": "arn"}]}'
TEXT = f"{BEFORE}*{AFTER}"
BUCKET = of("AWS::S3::Bucket")
EITHER = {"Fn::If": ["Open", allow("sqs:*"), allow("sqs:SendMessage")]}


def open_if(value: str) -> dict[str, Any]:
    """Return a condition that the statement above depends on."""
    return {"Conditions": {"Open": {"Fn::Equals": [value, "true"]}}}


def parameter(default: str, kind: str = "String") -> dict[str, Any]:
    return {"Parameters": {"On": {"Type": kind, "Default": default}}}


def iam(kind: str, *documents: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """Return an IAM policy with one statement."""
    return of(f"AWS::IAM::{kind}", **policy(*documents), **properties)


def function(**properties: Any) -> dict[str, Any]:
    return of("AWS::Lambda::Function", **properties)


HOLES = {
    "another role gets a policy": (
        holding(P=iam("Policy", allow("sqs:*"), Roles=[A])),
        holding(P=iam("Policy", allow("sqs:*"), Roles=[A, B])),
        'P: {"Ref": "B"} may use the policy on itself',
    ),
    "a user gets a managed policy": (
        holding(P=iam("ManagedPolicy", allow("sqs:*"))),
        holding(P=iam("ManagedPolicy", allow("sqs:*"), Users=["eve"])),
        "P: eve may use the policy on itself",
    ),
    "a role loses a policy that denies": (
        holding(A=ADMIN, B=ADMIN, P=iam("Policy", DENY, Roles=[A, B])),
        holding(A=ADMIN, B=ADMIN, P=iam("Policy", DENY, Roles=[A])),
        "P: no longer denies",
    ),
    "a role loses a managed policy that denies": (
        holding(A=of("AWS::IAM::Role", ManagedPolicyArns=[{"Ref": "P"}]), P=iam("ManagedPolicy", DENY)),
        holding(A=of("AWS::IAM::Role"), P=iam("ManagedPolicy", DENY)),
        "P: no longer denies",
    ),
    "a role loses a policy that nobody can see": (
        holding(A=of("AWS::IAM::Role", ManagedPolicyArns=["arn:aws:iam::1:policy/guardrail"])),
        holding(A=of("AWS::IAM::Role")),
        "A: no longer denies what arn:aws:iam::1:policy/guardrail may deny",
    ),
    "a bucket loses its policy": (
        holding(B=BUCKET, P=of("AWS::S3::BucketPolicy", Bucket=B, **policy(DENY))),
        holding(B=BUCKET),
        "P: no longer denies",
    ),
    "a bucket of another template loses its policy": (
        holding(P=of("AWS::S3::BucketPolicy", Bucket="elsewhere", **policy(DENY))),
        holding(),
        "P: no longer denies",
    ),
    "a policy that is text": (
        holding(L=of("AWS::Logs::ResourcePolicy", PolicyName="p", PolicyDocument=TEXT % "A")),
        holding(L=of("AWS::Logs::ResourcePolicy", PolicyName="p", PolicyDocument=TEXT % "B")),
        "L: * may logs:PutB on arn",
    ),
    "a policy that is text with references": (
        holding(L=of("AWS::Logs::ResourcePolicy", PolicyDocument={"Fn::Join": ["", [BEFORE, A, AFTER % "A"]]})),
        holding(L=of("AWS::Logs::ResourcePolicy", PolicyDocument={"Fn::Join": ["", [BEFORE, B, AFTER % "A"]]})),
        'L: {"Ref": "B"} may logs:PutA on arn',
    ),
    "a policy that is text with names": (
        holding(L=of("X", Document={"Fn::Sub": [TEXT % "${Verb}", {"Verb": "A"}]})),
        holding(L=of("X", Document={"Fn::Sub": [TEXT % "${Verb}", {"Verb": "B"}]})),
        "L: * may logs:PutB on arn",
    ),
    "a text that is no JSON": (
        holding(L=of("X", Document='{"Statement": [%s]}')),
        holding(L=of("X", Document='{"Statement": [${All}]}')),
        "L: a statement that cannot be evaluated, on",
    ),
    "a function's address that asks for no signature": (
        holding(U=of("AWS::Lambda::Url", AuthType="AWS_IAM", TargetFunctionArn="f")),
        holding(U=of("AWS::Lambda::Url", AuthType="NONE", TargetFunctionArn="f")),
        "U: * may lambda:InvokeFunctionUrl on f",
    ),
    "a function with another role": (
        holding(F=function(Role={"Fn::GetAtt": ["A", "Arn"]})),
        holding(F=function(Role={"Fn::GetAtt": ["B", "Arn"]})),
        'F: act with the rights on {"Fn::GetAtt": ["B", "Arn"]}',
    ),
    "a target with another role": (
        holding(R=of("AWS::Events::Rule", Targets=[{"RoleArn": "a"}])),
        holding(R=of("AWS::Events::Rule", Targets=[{"RoleArn": "b"}])),
        "R: act with the rights on b",
    ),
    "a nested stack": (
        holding(N=of("AWS::CloudFormation::Stack", TemplateURL="1")),
        holding(N=of("AWS::CloudFormation::Stack", TemplateURL="2")),
        "N: changes, and what AWS::CloudFormation::Stack allows cannot be evaluated",
    ),
    "an assignment": (
        holding(),
        holding(S=of("AWS::SSO::Assignment", PrincipalId="1")),
        "S: is new, and what AWS::SSO::Assignment allows cannot be evaluated",
    ),
    "a member of a group": (
        holding(G=of("AWS::IAM::UserToGroupAddition", GroupName="g", Users=["a"])),
        holding(G=of("AWS::IAM::UserToGroupAddition", GroupName="g", Users=["a", "b"])),
        "G: changes",
    ),
    "a parameter's default": (
        holding(parameter("arn:queue"), P=iam("Policy", allow("sqs:*", {"Ref": "On"}))),
        holding(parameter("*"), P=iam("Policy", allow("sqs:*", {"Ref": "On"}))),
        "P: sqs:* on *",
    ),
    "a parameter's default within a text": (
        holding(parameter("a"), P=iam("Policy", allow("sqs:*", {"Fn::Sub": "arn:${On}"}))),
        holding(parameter("*"), P=iam("Policy", allow("sqs:*", {"Fn::Sub": "arn:${On}"}))),
        "P: sqs:* on arn:*",
    ),
    "a parameter that is a list": (
        holding(parameter("a", "CommaDelimitedList"), P=iam("Policy", allow("sqs:*", {"Ref": "On"}))),
        holding(parameter("a,b", "CommaDelimitedList"), P=iam("Policy", allow("sqs:*", {"Ref": "On"}))),
        "P: sqs:* on b",
    ),
    "a mapping": (
        holding(
            {"Mappings": {"M": {"k": {"v": "a"}}}}, P=iam("Policy", allow("a:*", {"Fn::FindInMap": ["M", "k", "v"]}))
        ),
        holding(
            {"Mappings": {"M": {"k": {"v": "*"}}}}, P=iam("Policy", allow("a:*", {"Fn::FindInMap": ["M", "k", "v"]}))
        ),
        "P: a:* on",
    ),
    "a statement that depends": (
        holding(open_if("false"), P=iam("Policy", EITHER)),
        holding(open_if("true"), P=iam("Policy", EITHER)),
        "P: a statement that cannot be evaluated, on",
    ),
    "a policy that depends": (
        holding(open_if("false"), P={**iam("Policy", allow("sqs:*")), "Condition": "Open"}),
        holding(open_if("true"), P={**iam("Policy", allow("sqs:*")), "Condition": "Open"}),
        'P: sqs:* on {"Fn::GetAtt": ["Queue", "Arn"]} if when {"Fn::Equals": ["true", "true"]}',
    ),
    "rules that depend": (
        holding(G=of("AWS::EC2::SecurityGroup", SecurityGroupIngress=[RULE])),
        holding(G=of("AWS::EC2::SecurityGroup", SecurityGroupIngress={"Fn::If": ["Open", [RULE], []]})),
        "G: opens",
    ),
    "a macro": (
        holding({"Transform": "Makes"}),
        holding({"Transform": "Makes"}, B=BUCKET),
        "the template changes, and what Makes generates from it cannot be evaluated",
    ),
}


@pytest.mark.gate
@pytest.mark.parametrize("case", HOLES)
def test_changes_outside_of_statements_are_found(case: str) -> None:
    """Changed attachments, resources and references of a policy are found; unreadable changes count as broader."""
    old, new, says = HOLES[case]
    found = broadenings(old, new)
    assert any(line.startswith(says) for line in found), found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (holding(A=ADMIN, P=iam("Policy", DENY, Roles=[A])), holding()),
        (holding(B=BUCKET, P=of("AWS::S3::BucketPolicy", Bucket=B, **policy(DENY))), holding()),
        (
            holding(B=BUCKET, P=of("AWS::S3::BucketPolicy", Bucket=B, **policy(DENY))),
            holding(B=BUCKET, Q=of("AWS::S3::BucketPolicy", Bucket=B, **policy(DENY))),
        ),
        (holding(P=iam("Policy", DENY, Roles=[A])), holding(P=iam("Policy", DENY, Roles=[A, B]))),
        (holding(P=iam("Policy", allow("s:*"), Roles=[A, B])), holding(P=iam("Policy", allow("s:*"), Roles=[A]))),
        (
            holding(A=of("AWS::IAM::Role", ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"])),
            holding(A=of("AWS::IAM::Role")),
        ),
        (
            holding(A=of("AWS::IAM::Role"), P=iam("ManagedPolicy", DENY)),
            holding(A=of("AWS::IAM::Role", ManagedPolicyArns=[{"Ref": "P"}]), P=iam("ManagedPolicy", DENY)),
        ),
        (
            holding(U=of("AWS::Lambda::Url", AuthType="NONE", TargetFunctionArn="f")),
            holding(U=of("AWS::Lambda::Url", AuthType="AWS_IAM", TargetFunctionArn="f")),
        ),
        (holding(F=function(Role="a", MemorySize=1)), holding(F=function(Role="a", MemorySize=2))),
        (
            holding(parameter("*"), P=iam("Policy", allow("sqs:*", {"Ref": "On"}))),
            holding(parameter("arn:queue"), P=iam("Policy", allow("sqs:*", {"Ref": "On"}))),
        ),
        (
            holding(P=iam("Policy", allow("sqs:*"))),
            holding(open_if("true"), P={**iam("Policy", allow("sqs:*")), "Condition": "Open"}),
        ),
    ],
)
def test_removed_resources_and_permissions_are_not_reported(old: Template, new: Template) -> None:
    """Denials of removed resources, repeated denials and removed permissions are not reported."""
    assert broadenings(old, new) == []
