"""Permissions of a stack's role: MiniStack does not evaluate them without the correction."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from ministack.services.cloudformation import changesets, helpers, provisioners, stacks

from rehearsal.emulator.iam import resource_operations
from rehearsal.emulator.ministack.corrections import permissions, requests
from rehearsal.emulator.ministack.patches import correct
from tests.emulator.iam.principals import ACCOUNT, OTHER, REGION, allow, make_role
from tests.emulator.iam.stack_roles import KIND, make, stack_of

pytestmark = pytest.mark.usefixtures("as_it_comes", "returned_names")


def test_a_stacks_role_has_to_be_allowed_what_its_resources_need() -> None:
    """The fault: a role without permissions creates, updates and deletes every resource."""
    stack_of(make_role("executes", allow("s3:*")))
    assert make() == "made"
    correct(permissions.STACK_PERMISSIONS)
    with pytest.raises(PermissionError, match=r"role/executes/AWSCloudFormation is not .* to perform: sqs:CreateQueue"):
        make()
    with pytest.raises(PermissionError, match=r"sqs:"):
        stacks._update_resource(KIND, "name", {}, {"DelaySeconds": 1}, "stack")
    with pytest.raises(PermissionError, match="sqs:DeleteQueue"):
        stacks._delete_resource(KIND, "name", {}, "stack")
    make_role("executes", allow("sqs:*", resource="arn:aws:sqs:*:*:name"))
    assert make(QueueName="name") == "made"
    assert stacks._update_resource(KIND, "name", {}, {"DelaySeconds": 1}, "stack")[0] == "changed"
    stacks._delete_resource(KIND, "name", {}, "stack")


def test_a_role_has_to_be_allowed_what_the_handler_reads() -> None:
    """The fault: a role creates a queue without the permission to read it."""
    stack_of(make_role("executes", allow("sqs:CreateQueue", "sqs:DeleteQueue")))
    assert make(QueueName="name") == "made"
    correct(permissions.STACK_PERMISSIONS)
    for change in (lambda: make(QueueName="name"), lambda: stacks._delete_resource(KIND, "name", {}, "stack")):
        with pytest.raises(PermissionError, match=f"sqs:GetQueueAttributes on resource: arn:aws:sqs:{REGION}:"):
            change()
    make_role("executes", allow("sqs:CreateQueue", "sqs:GetQueueAttributes"))
    assert make(QueueName="name") == "made"


def test_a_role_has_to_be_allowed_to_read_what_it_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault: a stack imports the account's admin role without permission, and could open it to others later."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]
    monkeypatch.setitem(handlers, "import", lambda identifier: (identifier["RoleName"], {}))
    make_role("OrganizationAccountAccessRole")
    stack_of(make_role("executes", allow("iam:GetRole", "iam:List*")))

    async def import_role(_change_set: Any, _stack: Any) -> str:
        return str(changesets._import_resource("AWS::IAM::Role", {"RoleName": "OrganizationAccountAccessRole"})[0])

    assert asyncio.run(import_role({}, {})) == "OrganizationAccountAccessRole"
    correct(permissions.IMPORTS)
    import_into = resource_operations.name_importing_stack(import_role)
    with pytest.raises(PermissionError, match=r"iam:GetRolePolicy on resource: .*role/OrganizationAccountAccessRole"):
        asyncio.run(import_into({}, {"StackName": "stack"}))
    adopt = resource_operations.name_adopting_stack(lambda *_: asyncio.run(import_role({}, {})))
    with pytest.raises(PermissionError, match=r"iam:GetRolePolicy"):
        adopt("id", "stack", "Role", "AWS::IAM::Role", {})
    make_role("executes", allow("iam:GetRole*", "iam:List*"))
    assert asyncio.run(import_into({}, {"StackName": "stack"})) == "OrganizationAccountAccessRole"


def test_a_role_is_asked_for_the_resource_that_a_stack_makes() -> None:
    """The stack's role needs the permission for this resource's ARN; an explicit Deny for it counts."""
    correct(permissions.STACK_PERMISSIONS)
    stack_of(make_role("executes", allow("sqs:*", resource="arn:aws:sqs:*:*:stack-*")))
    assert make() == "made"
    with pytest.raises(PermissionError, match=f"sqs:CreateQueue on resource: arn:aws:sqs:{REGION}:{ACCOUNT}:elsewhere"):
        make(QueueName="elsewhere")
    policy = allow("sqs:*")
    policy["Statement"] += allow("sqs:*", resource="arn:aws:sqs:*:*:kept", effect="Deny")["Statement"]
    make_role("executes", policy)
    with pytest.raises(PermissionError, match="Effect Deny"):
        stacks._delete_resource(KIND, "kept", {}, "stack")


def test_a_change_of_a_property_needs_its_own_action() -> None:
    """A code update needs lambda:UpdateFunctionCode, not only lambda:UpdateFunctionConfiguration."""
    correct(permissions.STACK_PERMISSIONS)
    stack_of(make_role("executes", allow("lambda:UpdateFunctionConfiguration", "lambda:Get*")))
    kind, old = "AWS::Lambda::Function", {"MemorySize": 128, "Code": {"S3Key": "old.zip"}}
    assert stacks._update_resource(kind, "f", old, {**old, "MemorySize": 256}, "stack")[0] == "changed"
    with pytest.raises(PermissionError, match="lambda:UpdateFunctionCode"):
        stacks._update_resource(kind, "f", old, {**old, "Code": {"S3Key": "new.zip"}}, "stack")


def test_a_replacement_needs_the_permission_to_create() -> None:
    """A queue with another name is a new one: it needs sqs:CreateQueue, and not sqs:SetQueueAttributes."""
    correct(permissions.STACK_PERMISSIONS)
    old, new = {"QueueName": "old"}, {"QueueName": "new"}
    stack_of(make_role("executes", allow("sqs:SetQueueAttributes", "sqs:GetQueueAttributes", "sqs:DeleteQueue")))
    with pytest.raises(PermissionError, match=f"sqs:CreateQueue on resource: arn:aws:sqs:{REGION}:{ACCOUNT}:new"):
        stacks._update_resource(KIND, "old", old, new, "stack", "Logical")
    make_role("executes", allow("sqs:CreateQueue", "sqs:GetQueueAttributes", "sqs:DeleteQueue"))
    assert stacks._update_resource(KIND, "old", old, new, "stack", "Logical")[0] == "made"


def test_roles_are_made_with_the_boundary_that_the_policy_demands() -> None:
    """A policy that demands a permissions boundary denies roles without it or with another one."""
    correct(permissions.STACK_PERMISSIONS)
    demanded = {"StringEquals": {"iam:PermissionsBoundary": "arn:boundary"}}
    policy = allow("iam:CreateRole", Condition=demanded)
    policy["Statement"] += allow("iam:GetRole*")["Statement"]
    stack_of(make_role("executes", policy))
    assert make("AWS::IAM::Role", RoleName="r", PermissionsBoundary="arn:boundary") == "made"
    for wrong in ({}, {"PermissionsBoundary": "arn:other"}):
        with pytest.raises(PermissionError, match="iam:CreateRole"):
            make("AWS::IAM::Role", RoleName="r", **wrong)


def test_a_deny_and_a_boundary_count() -> None:
    """An explicit Deny overrides an Allow."""
    correct(permissions.STACK_PERMISSIONS)
    policy = allow("sqs:*")
    policy["Statement"] += allow("sqs:CreateQueue", effect="Deny")["Statement"]
    stack_of(make_role("executes", policy))
    with pytest.raises(PermissionError, match="Effect Deny"):
        make()


def test_a_function_gets_only_a_role_that_may_be_passed() -> None:
    """The fault: a template passes any role to a function. Corrected, iam:PassRole is needed."""
    function_role = make_role("functions")
    stack_of(make_role("executes", allow("lambda:*")))
    assert make("AWS::Lambda::Function", Role=function_role) == "made"
    correct(permissions.STACK_PERMISSIONS)
    with pytest.raises(PermissionError, match=f"iam:PassRole on resource: {function_role}"):
        make("AWS::Lambda::Function", Role=function_role)
    policy = allow("lambda:*")
    only = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    policy["Statement"] += allow("iam:PassRole", resource=function_role, Condition=only)["Statement"]
    make_role("executes", policy)
    assert make("AWS::Lambda::Function", Role=function_role) == "made"


def test_the_roles_of_a_rules_targets_are_passed_as_well() -> None:
    """The role of each target of a rule needs iam:PassRole."""
    correct(permissions.STACK_PERMISSIONS)
    target = {"Arn": "any", "RoleArn": make_role("of-the-rule")}
    stack_of(make_role("executes", allow("events:*")))
    with pytest.raises(PermissionError, match=r"iam:PassRole on resource: .*of-the-rule"):
        make("AWS::Events::Rule", Name="rule", Targets=[{"Arn": "other"}, target])
    to = {"StringEquals": {"iam:PassedToService": "events.amazonaws.com"}}
    policy = allow("events:*")
    policy["Statement"] += allow("iam:PassRole", Condition=to)["Statement"]
    make_role("executes", policy)
    assert make("AWS::Events::Rule", Name="rule", Targets=[target]) == "made"


@pytest.mark.parametrize(
    ("kind", "properties", "service"),
    [
        ("AWS::Scheduler::Schedule", {"Target": {"Arn": "any", "RoleArn": "ROLE"}}, "scheduler"),
        ("AWS::StepFunctions::StateMachine", {"RoleArn": "ROLE"}, "states"),
        ("AWS::ECS::TaskDefinition", {"TaskRoleArn": "ROLE"}, "ecs-tasks"),
    ],
)
def test_each_role_is_passed_to_the_service_that_gets_it(
    monkeypatch: pytest.MonkeyPatch, kind: str, properties: dict[str, Any], service: str
) -> None:
    """A role in a nested property needs iam:PassRole for the service's principal."""
    monkeypatch.setitem(provisioners._RESOURCE_HANDLERS[kind], "create", lambda *_: ("made", {}))
    correct(permissions.STACK_PERMISSIONS)
    role = make_role("handed-on")
    given = json.loads(json.dumps(properties).replace("ROLE", role))
    own = ("scheduler:*", "states:*", "ecs:*")
    stack_of(make_role("executes", allow(*own)))
    with pytest.raises(PermissionError, match=r"iam:PassRole on resource: .*handed-on"):
        make(kind, Name="named", **given)
    policy = allow(*own)
    to = {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}
    policy["Statement"] += allow("iam:PassRole", Condition=to)["Statement"]
    make_role("executes", policy)
    assert make(kind, Name="named", **given) == "made"


def test_the_roles_of_a_pipelines_actions_are_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault: no permission is needed. Corrected, the actions' roles need iam:PassRole, in any account."""
    kind = "AWS::CodePipeline::Pipeline"
    deploy, execution = (f"arn:aws:iam::{OTHER}:role/{name}" for name in ("deploy", "execution"))
    action = {"Name": "Act", "RoleArn": deploy, "Configuration": {"RoleArn": execution}}
    stages = [{"Name": "One", "Actions": [{"Name": "Build"}, action]}]
    monkeypatch.setitem(provisioners._RESOURCE_HANDLERS, kind, {"create": lambda *_: ("made", {})})
    stack_of(make_role("executes", allow("codepipeline:*")))
    assert make(kind, Name="pipeline", Stages=stages) == "made"
    correct(permissions.STACK_PERMISSIONS)
    policy = allow("codepipeline:*")
    for role, service in ((deploy, "codepipeline"), (execution, "cloudformation")):
        make_role("executes", policy)
        with pytest.raises(PermissionError, match=f"iam:PassRole on resource: {role}"):
            make(kind, Name="pipeline", Stages=stages)
        to = {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}
        policy["Statement"] += allow("iam:PassRole", resource=role, Condition=to)["Statement"]
    make_role("executes", policy)
    assert make(kind, Name="pipeline", Stages=stages) == "made"


LAMBDA, LAYER = "AWS::Lambda::Function", f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:shared:1"


@pytest.mark.parametrize(
    ("kind", "properties", "needed"),
    [
        (LAMBDA, {"Code": {"S3Bucket": "assets", "S3Key": "code.zip"}}, "s3:GetObject"),
        (LAMBDA, {"Layers": [LAYER]}, "lambda:GetLayerVersion"),
        (LAMBDA, {"Tags": [{"Key": "team", "Value": "one"}]}, "lambda:TagResource"),
        ("Custom::Thing", {"ServiceToken": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"}, "lambda:InvokeFunction"),
        ("AWS::CloudFormation::Stack", {"TemplateURL": "https://assets.s3.eu-west-1.amazonaws.com/t"}, "s3:GetObject"),
    ],
)
def test_referenced_resources_need_permissions(
    monkeypatch: pytest.MonkeyPatch, kind: str, properties: dict[str, Any], needed: str
) -> None:
    """The fault: code, layers, templates, tags and functions of custom resources need no permission."""
    for literal in ("Custom::Thing", "AWS::CloudFormation::Stack"):
        handlers: dict[str, Any] = {"create": lambda *_: ("made", {}), "delete": lambda *_: None}
        monkeypatch.setitem(provisioners._RESOURCE_HANDLERS, literal, handlers)
    correct(permissions.STACK_PERMISSIONS)
    correct(requests.ENFORCEMENT)
    own = ("lambda:CreateFunction", "lambda:GetFunction*", "cloudformation:*")
    stack_of(make_role("executes", allow(*own)))
    with pytest.raises(PermissionError, match=f"to perform: {needed} on resource: arn:"):
        make(kind, FunctionName="f", **properties)
    make_role("executes", allow(*own, needed))
    assert make(kind, FunctionName="f", **properties) == "made"


def test_the_tags_that_a_template_sets_are_known_to_policies() -> None:
    """A policy can demand a tag with `aws:RequestTag`."""
    correct(permissions.STACK_PERMISSIONS)
    demanded = {"StringEquals": {"aws:RequestTag/team": "one"}}
    stack_of(make_role("executes", allow("sqs:*", Condition=demanded)))
    assert make(Tags=[{"Key": "team", "Value": "one"}]) == "made"
    with pytest.raises(PermissionError, match="its conditions are not met"):
        make(Tags=[{"Key": "team", "Value": "two"}])


@pytest.fixture
def nested(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The properties of a nested stack that has a queue."""
    template = json.dumps({"Resources": {"Queue": {"Type": KIND, "Properties": {"QueueName": "name"}}}})
    monkeypatch.setattr(helpers, "_resolve_template", lambda _: (template, None))
    return {"TemplateURL": "https://s3.eu-west-1.amazonaws.com/bucket/key"}


def test_a_nested_stacks_resources_need_the_same_permissions(nested: dict[str, str]) -> None:
    """The fault: a role creates in a nested stack the resources that it may not create in its stack."""
    kind = "AWS::CloudFormation::Stack"
    may = ("cloudformation:*", "s3:GetObject")
    stack_of(make_role("executes", allow(*may)))
    assert stacks._provision_resource(kind, "Nested", nested, "stack")[0]
    correct(permissions.STACK_PERMISSIONS)
    with pytest.raises(PermissionError, match=r"role/executes/AWSCloudFormation is not .* to perform: sqs:CreateQueue"):
        stacks._provision_resource(kind, "Nested", nested, "stack")
    make_role("executes", allow(*may, "sqs:CreateQueue", "sqs:GetQueueAttributes"))
    made, _ = stacks._provision_resource(kind, "Nested", nested, "stack")
    with pytest.raises(PermissionError, match="sqs:DeleteQueue"):
        stacks._delete_resource(kind, made, nested, "stack")
    make_role("executes", allow(*may, "sqs:*"))
    stacks._delete_resource(kind, made, nested, "stack")
