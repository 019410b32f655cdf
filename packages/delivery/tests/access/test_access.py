"""The execution policies allow everything that the stacks need, and nothing more."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from cdk_delivery.access.boundary import BOUNDARY
from cdk_delivery.access.policies import execution_policies
from cdk_delivery.access.policy_files import PolicyFiles
from cdk_delivery.access.resource_permissions import needed_actions
from cdk_delivery.access.role_names import environment_role_names, pipeline_role_names
from cdk_delivery.constructs.project_files import Project
from cdk_delivery.quotas import MANAGED_POLICY, document_size
from tests.synthesis import Synthesized, synthesize

FILES = {"pipeline": "*.template.json", "environment": "assembly-*/*.template.json"}


Policy = Callable[[str], list[Mapping[str, Any]]]


@pytest.fixture(scope="module")
def policy(generated: Path) -> Policy:
    """Return the statements of a policy generated for the shop, of all its parts."""
    files = PolicyFiles.of(generated)
    return lambda name: [
        statement for part in files.parts(name) for statement in json.loads(files.read(part))["Statement"]
    ]


def allowed(statements: Iterable[Mapping[str, Any]]) -> set[str]:
    return {action for statement in statements if statement["Effect"] == "Allow" for action in statement["Action"]}


def missing(types: Collection[str], may: Collection[str]) -> Iterator[str]:
    """Return the actions that a type needs and the policy does not allow."""
    for kind in sorted(types):
        yield from (f"{kind}: {action}" for action in sorted(needed_actions(kind) - {*may}))


def types(assembly: Synthesized, name: str) -> set[str]:
    """Return the resource types that are deployed with the policy `name`."""
    templates = [json.loads(file.read_text()) for file in assembly.folder.glob(FILES[name])]
    found = {resource["Type"] for template in templates for resource in template["Resources"].values()}
    return {kind for kind in found if not kind.startswith("AWS::CDK::")}


@pytest.mark.parametrize("name", FILES)
def test_the_policy_covers_what_the_templates_need(synthesized: Synthesized, policy: Policy, name: str) -> None:
    """The policy allows every action of AWS's resource schemas for the templates' types."""
    assert list(missing(types(synthesized, name), allowed(policy(name)))) == []


@pytest.mark.gate
def test_a_type_that_is_not_covered_is_found(policy: Policy) -> None:
    """The check finds a table that was added to the service without `make generate`."""
    assert "AWS::DynamoDB::Table: dynamodb:CreateTable" in list(
        missing({"AWS::DynamoDB::Table"}, allowed(policy("environment")))
    )


@pytest.mark.parametrize("name", [*FILES, "boundary"])
def test_the_policy_fits_into_a_managed_policy(generated: Path, name: str) -> None:
    """Each policy is within IAM's limit, which does not count white space."""
    files = PolicyFiles.of(generated)
    sizes = {part: document_size(json.loads(files.read(part))) for part in files.parts(name)}
    assert {part: size for part, size in sizes.items() if size > MANAGED_POLICY} == {}


def test_a_policy_is_split_before_it_is_too_long_for_iam() -> None:
    """Many resource types get one more policy: every action is in one of them, and each fits."""
    types = ["AWS::Events::Rule", "AWS::S3::Bucket", "AWS::StepFunctions::StateMachine", "AWS::ECS::Service"]
    types += ["AWS::RDS::DBCluster", "AWS::ApiGatewayV2::Api", "AWS::Cognito::UserPool", "AWS::Kinesis::Stream"]
    types += ["AWS::ElastiCache::ReplicationGroup", "AWS::OpenSearchService::Domain"]
    types += ["AWS::Lambda::Function", "AWS::KMS::Key", "AWS::SNS::Topic"]
    split = execution_policies("environment", types, passed_to=["lambda.amazonaws.com"], names=["*-Shop-*"])
    assert [*split] == ["environment", "environment-resources", "environment-resources-2"]
    assert max(map(document_size, split.values())) <= MANAGED_POLICY
    statements = [statement for part in split.values() for statement in part["Statement"]]
    assert list(missing(types, allowed(statements))) == []


@pytest.mark.parametrize("name", FILES)
def test_no_action_is_a_wildcard(policy: Policy, name: str) -> None:
    """Every action of the policies is the full name of one action."""
    assert [action for action in allowed(policy(name)) if "*" in action] == []


@pytest.mark.parametrize("name", FILES)
def test_a_role_is_created_only_with_the_boundary(policy: Policy, name: str) -> None:
    """A role can be created only with the boundary; otherwise a stack could make itself an administrator."""
    making = ("iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy")
    found = [row for row in policy(name) if row["Effect"] == "Allow" and {*making} & {*row["Action"]}]
    wanted = {"StringLike": {"iam:PermissionsBoundary": f"arn:aws:iam::*:policy/{BOUNDARY}"}}
    assert [statement["Condition"] for statement in found] == [wanted]


def role_names(folder: Path) -> Iterator[str]:
    """Return the names of the stages' roles, without the suffix that CloudFormation generates."""
    for manifest in folder.glob("assembly-*/manifest.json"):
        for artifact in json.loads(manifest.read_text())["artifacts"].values():
            if artifact["type"] == "aws:cloudformation:stack":
                properties = artifact["properties"]
                resources = json.loads((manifest.parent / properties["templateFile"]).read_text())["Resources"]
                for id_, resource in resources.items():
                    if resource["Type"] in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy"):
                        given = resource["Properties"].get("RoleName")
                        yield given or f"{properties['stackName']}-{id_}-"


def test_an_environment_has_only_its_own_roles(synthesized: Synthesized, policy: Policy) -> None:
    """A stage can neither pass nor change a role that it did not create, even a role that trusts Lambda."""
    allowing = [statement for statement in policy("environment") if statement["Effect"] == "Allow"]
    reached = {
        resource.partition(":iam::*:")[2]
        for statement in allowing
        if any(action.startswith("iam:") for action in statement["Action"])
        for resource in statement["Resource"]
    }
    patterns = environment_role_names(synthesized.folder)
    assert reached == {f"{kind}/{name}" for kind in ("role", "policy") for name in patterns}
    names = list(role_names(synthesized.folder))
    assert names
    assert [name for name in names if not any(fnmatchcase(name, pattern) for pattern in patterns)] == []
    assert not any(fnmatchcase(name, pattern) for name in ("Administrator", "cdk-x") for pattern in patterns)


@pytest.mark.parametrize(
    ("name", "services"), [("environment", {"lambda"}), ("pipeline", {"codebuild", "codepipeline", "lambda"})]
)
def test_roles_are_passed_to_the_services_that_have_one(policy: Policy, name: str, services: set[str]) -> None:
    """Roles may be passed to no other service: to EventBridge only where it starts the pipeline."""
    (found,) = (statement for statement in policy(name) if statement["Sid"] == "PassRoles")
    assert set(found["Condition"]["StringEquals"]["iam:PassedToService"]) == {
        f"{service}.amazonaws.com" for service in services
    }


def decision(statements: Iterable[Mapping[str, Any]], action: str, resource: str) -> str:
    """Return the decision of the statements, with conditions met: allowed, denied or neither."""
    effects = {
        statement["Effect"]
        for statement in statements
        if any(fnmatchcase(action, pattern) for pattern in statement["Action"])
        and any(fnmatchcase(resource, pattern) for pattern in _list(statement["Resource"]))
    }
    return "denied" if "Deny" in effects else "allowed" if effects else "nothing"


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


CHANGES = (
    *("iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePermissionsBoundary"),
    *("iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:TagRole"),
    *("iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription"),
)
POLICY_CHANGES = ("iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:SetDefaultPolicyVersion")


@pytest.mark.parametrize("name", FILES)
def test_the_boundary_and_the_bootstrap_are_out_of_reach(policy: Policy, name: str) -> None:
    """The policies deny changes of the boundary and of the bootstrap, whatever else they allow."""
    for role in ("cfn-exec", "deploy", "lookup"):
        arn = f"arn:aws:iam::1:role/cdk-hnb659fds-{role}-role-1-eu-west-1"
        assert {decision(policy(name), action, arn) for action in CHANGES} == {"denied"}
    for held in (BOUNDARY, "delivery-pipeline", "delivery-environment-resources"):
        arn = f"arn:aws:iam::1:policy/{held}"
        assert {decision(policy(name), action, arn) for action in POLICY_CHANGES} == {"denied"}
    assert ["iam:DeleteRolePermissionsBoundary"] in [statement["Action"] for statement in policy(name)]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "role",
    ["OrganizationAccountAccessRole", "AWSControlTowerExecution", "stacksets-exec-1a2b", "aws-reserved/sso/Admin"],
)
def test_the_accounts_own_roles_are_out_of_reach(policy: Policy, name: str, role: str) -> None:
    """The policies deny roles with access to the whole account: a stack that could read one could import it."""
    arn = f"arn:aws:iam::1:role/{role}"
    reads = ("iam:GetRole", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:PassRole")
    assert {decision(policy(name), action, arn) for action in (*CHANGES, *reads)} == {"denied"}


def test_the_pipelines_account_opens_roles_of_the_pipelines_name_only(policy: Policy, synthesized: Synthesized) -> None:
    """Only roles whose name begins with the pipeline's are allowed, generated names and physical names."""
    (file,) = synthesized.folder.glob("*.template.json")
    roles = [
        resource
        for resource in json.loads(file.read_text())["Resources"].values()
        if resource["Type"] == "AWS::IAM::Role"
    ]
    names = [role["Properties"].get("RoleName", "shop-delivery-Any-1A2B") for role in roles]
    assert len(names) > 5
    for name in names:
        assert decision(policy("pipeline"), "iam:UpdateAssumeRolePolicy", f"arn:aws:iam::1:role/{name}") == "allowed"
    for other in ("Administrator", "deployer", "delivery"):
        assert decision(policy("pipeline"), "iam:UpdateAssumeRolePolicy", f"arn:aws:iam::1:role/{other}") == "nothing"


def test_roles_of_another_pipeline_in_the_account_are_opened_by_name(synthesized: Synthesized) -> None:
    """Pipelines of one account share its policy: `other-pipelines` of pyproject.toml adds their names."""
    assert pipeline_role_names(synthesized.folder, ["second"]) == ["second-*", "shop-delivery-*"]


def test_the_bootstraps_roles_are_passed_to_the_services_of_a_pipelines_actions(policy: Policy) -> None:
    """CodePipeline gets deploy roles, and CloudFormation execution roles, of any account."""
    passed = {
        statement["Resource"][0]: statement["Condition"]["StringEquals"]["iam:PassedToService"]
        for statement in policy("pipeline")
        if statement["Action"] == ["iam:PassRole"] and statement["Sid"] != "PassRoles"
    }
    assert passed == {
        "arn:aws:iam::*:role/cdk-hnb659fds-deploy-role-*": ["codepipeline.amazonaws.com"],
        "arn:aws:iam::*:role/cdk-hnb659fds-cfn-exec-role-*": ["cloudformation.amazonaws.com"],
    }
    for role in ("deploy", "cfn-exec"):
        arn = f"arn:aws:iam::222222222222:role/cdk-hnb659fds-{role}-role-222222222222-eu-west-1"
        assert decision(policy("pipeline"), "iam:PassRole", arn) == "allowed"
        assert decision(policy("environment"), "iam:PassRole", arn) == "nothing"


def test_reads_of_a_handler_are_allowed() -> None:
    """Read actions are allowed for unused properties too: no rehearsal can prove that a handler does without."""
    assert {"s3:GetBucketWebsite", "s3:GetReplicationConfiguration"} <= needed_actions("AWS::S3::Bucket")
    assert "ec2:DescribeSubnets" in needed_actions("AWS::Lambda::Function")


def test_actions_for_absent_properties_are_left_out() -> None:
    """Actions for properties that no stack has, or that cannot be allowed by name, are not in the policy."""
    assert not {"s3:PutBucketWebsite", "s3tables:CreateTable"} & needed_actions("AWS::S3::Bucket")
    assert "iam:GetUserPolicy" not in needed_actions("AWS::IAM::Policy")


def test_a_type_of_a_service_that_others_only_name_has_its_actions() -> None:
    """A security group has its ec2 actions, although ec2 is excluded for functions."""
    assert {"ec2:CreateSecurityGroup", "ec2:DeleteSecurityGroup"} <= needed_actions("AWS::EC2::SecurityGroup")


@pytest.mark.slow
def test_with_the_setting_every_role_has_the_boundary(context: dict[str, Any], project: Project) -> None:
    """Each role of the assembly has the boundary of its account."""
    template = synthesize(context, project, lambda settings: settings.update(permissions_boundary=True))
    boundaries = [
        role["Properties"]["PermissionsBoundary"] for role in template.find_resources("AWS::IAM::Role").values()
    ]
    assert len(boundaries) > 5
    assert set(boundaries) == {f"arn:aws:iam::111111111111:policy/{BOUNDARY}"}
