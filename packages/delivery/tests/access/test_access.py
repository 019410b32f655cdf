"""Execution policies allow all that the stacks need, and nothing more."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from cdk_delivery.access.boundary import BOUNDARY
from cdk_delivery.access.resource_permissions import is_required, required_actions
from cdk_delivery.access.role_names import environment_role_names
from cdk_delivery.constructs.project_files import Project
from cdk_delivery.quotas import MANAGED_POLICY
from tests.synthesis import Synthesized, synthesize

FILES = {"pipeline": "*.template.json", "environment": "assembly-*/*.template.json"}


Policy = Callable[[str], list[Mapping[str, Any]]]


@pytest.fixture(scope="module")
def policy(generated: Path) -> Policy:
    """The statements of a policy that was generated for the shop."""
    return lambda name: list(json.loads((generated / "access" / f"{name}.json").read_text())["Statement"])


def allowed(statements: list[Mapping[str, Any]]) -> set[str]:
    return {action for each in statements if each["Effect"] == "Allow" for action in each["Action"]}


def missing(types: Collection[str], may: Collection[str]) -> Iterator[str]:
    """Return the actions that a type needs and the policy does not allow."""
    for kind in sorted(types):
        yield from (
            f"{kind}: {action}"
            for action in sorted(required_actions(kind))
            if is_required(action) and action not in may
        )


def types(assembly: Synthesized, name: str) -> set[str]:
    """The resource types that are deployed with a policy."""
    templates = [json.loads(file.read_text()) for file in assembly.folder.glob(FILES[name])]
    found = {each["Type"] for template in templates for each in template["Resources"].values()}
    return {each for each in found if not each.startswith("AWS::CDK::")}


@pytest.mark.parametrize("name", FILES)
def test_the_policy_covers_what_the_templates_need(synthesized: Synthesized, policy: Policy, name: str) -> None:
    """By the resource schemas of AWS, which cfn-lint brings."""
    assert list(missing(types(synthesized, name), allowed(policy(name)))) == []


@pytest.mark.gate
def test_a_type_that_is_not_covered_is_found(policy: Policy) -> None:
    """As after a table is added to the service without `make generate`."""
    assert "AWS::DynamoDB::Table: dynamodb:CreateTable" in list(
        missing({"AWS::DynamoDB::Table"}, allowed(policy("environment")))
    )


@pytest.mark.parametrize("name", [*FILES, "boundary"])
def test_the_policy_fits_into_a_managed_policy(policy: Policy, name: str) -> None:
    """IAM counts characters without white space."""
    assert (
        len(json.dumps({"Version": "2012-10-17", "Statement": policy(name)}, separators=(",", ":"))) <= MANAGED_POLICY
    )


@pytest.mark.parametrize("name", FILES)
def test_no_action_is_a_wildcard(policy: Policy, name: str) -> None:
    """Each is one that a resource type needs."""
    assert [action for action in allowed(policy(name)) if "*" in action] == []


@pytest.mark.parametrize("name", FILES)
def test_a_role_is_made_with_the_boundary_alone(policy: Policy, name: str) -> None:
    """Otherwise a stack could make itself an administrator."""
    making = ("iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy")
    found = [each for each in policy(name) if each["Effect"] == "Allow" and {*making} & {*each["Action"]}]
    wanted = {"StringLike": {"iam:PermissionsBoundary": f"arn:aws:iam::*:policy/{BOUNDARY}"}}
    assert [each["Condition"] for each in found] == [wanted]


def role_names(folder: Path) -> Iterator[str]:
    """Those of the stages' roles, without what CloudFormation ends names with."""
    for manifest in folder.glob("assembly-*/manifest.json"):
        for artifact in json.loads(manifest.read_text())["artifacts"].values():
            if artifact["type"] == "aws:cloudformation:stack":
                properties = artifact["properties"]
                resources = json.loads((manifest.parent / properties["templateFile"]).read_text())["Resources"]
                for id_, each in resources.items():
                    if each["Type"] in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy"):
                        given = each["Properties"].get("RoleName")
                        yield given or f"{properties['stackName']}-{id_}-"


def test_an_environment_has_roles_of_its_own_names_alone(synthesized: Synthesized, policy: Policy) -> None:
    """A stage can neither pass nor change a role that it did not create, even one that trusts Lambda."""
    allowing = [each for each in policy("environment") if each["Effect"] == "Allow"]
    reached = {
        resource.partition(":iam::*:")[2]
        for each in allowing
        if any(action.startswith("iam:") for action in each["Action"])
        for resource in each["Resource"]
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
    """And to no other: EventBridge has one only where it starts the pipeline."""
    (found,) = (each for each in policy(name) if each["Action"] == ["iam:PassRole"])
    assert set(found["Condition"]["StringEquals"]["iam:PassedToService"]) == {
        f"{each}.amazonaws.com" for each in services
    }


@pytest.mark.parametrize("name", FILES)
def test_the_boundary_and_the_bootstrap_are_out_of_reach(policy: Policy, name: str) -> None:
    """A denial wins over everything."""
    denied = [each for each in policy(name) if each["Effect"] == "Deny"]
    roles = ["arn:aws:iam::1:role/cdk-hnb659fds-cfn-exec-role-1-eu-west-1", f"arn:aws:iam::1:policy/{BOUNDARY}"]
    patterns = [pattern for each in denied for pattern in each["Resource"] if each["Action"] == ["iam:*"]]
    assert all(any(fnmatchcase(role, pattern) for pattern in patterns) for role in roles)
    assert ["iam:DeleteRolePermissionsBoundary"] in [each["Action"] for each in denied]


@pytest.mark.slow
def test_with_the_setting_every_role_has_the_boundary(context: dict[str, Any], project: Project) -> None:
    """Each role has the boundary of its account."""
    template = synthesize(context, project, lambda settings: settings.update(permissions_boundary=True))
    boundaries = [
        role["Properties"]["PermissionsBoundary"] for role in template.find_resources("AWS::IAM::Role").values()
    ]
    assert len(boundaries) > 5
    assert set(boundaries) == {f"arn:aws:iam::111111111111:policy/{BOUNDARY}"}
