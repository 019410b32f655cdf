"""Builds in a VPC: the permissions by which CodeBuild creates their network interface.

Sources: AWS CodeBuild user guide, "Allow CodeBuild access to AWS services required to create a VPC network interface";
github.com/aws/aws-cdk issue 12705 (the phase and its message).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rehearsal.actions.codebuild_project import Project
from rehearsal.codebuild.model import Build, BuildResult, PhaseResult
from rehearsal.engine.action_api import ActionError, Require

_DESCRIBE = (
    "DescribeDhcpOptions",
    "DescribeNetworkInterfaces",
    "DescribeSecurityGroups",
    "DescribeSubnets",
    "DescribeVpcs",
)


@dataclass(frozen=True)
class _Permission:
    action: str
    resource: str
    keys: Mapping[str, str] = field(default_factory=dict)


def provisioning_failure(project: Project, build: Build, require: Require) -> PhaseResult | None:
    """Return the failed phase PROVISIONING where the project's role lacks a permission; None without a VPC."""
    try:
        for needed in _permissions(project, build):
            require(project.role_arn, f"ec2:{needed.action}", resource=needed.resource, keys=needed.keys)
    except ActionError as error:
        message = f"Unexpected EC2 error: UnauthorizedOperation ({error})"
        return PhaseResult("PROVISIONING", "FAILED", 0.0, "VPC_CLIENT_ERROR", message)
    return None


def failed_build(phase: PhaseResult) -> BuildResult:
    """Return the result of a build that ended in this phase."""
    return BuildResult("FAILED", f"{phase.name}: {phase.code}: {phase.message}", (phase,))


def _permissions(project: Project, build: Build) -> Iterator[_Permission]:
    """Yield what the role needs; permissions to describe have no resources, so a policy allows them on all."""
    network = project.about.get("vpcConfig", {})
    if not network.get("vpcId"):
        return
    account = f"arn:aws:ec2:{build.region}:{build.account}:"
    interface, subnets = f"{account}network-interface/*", [f"{account}subnet/{id_}" for id_ in network["subnets"]]
    groups = [f"{account}security-group/{id_}" for id_ in network["securityGroupIds"]]
    for resource in (interface, *subnets, *groups):
        yield _Permission("CreateNetworkInterface", resource)
    yield _Permission("DeleteNetworkInterface", interface)
    for action in _DESCRIBE:
        yield _Permission(action, f"{account}*")
    for subnet in subnets:
        keys = {"ec2:subnet": subnet, "ec2:authorizedservice": "codebuild.amazonaws.com"}
        yield _Permission("CreateNetworkInterfacePermission", interface, keys)
