"""Patterns for the names of the roles and policies of environments and of the pipeline."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from cdk_delivery.changes.stacks import read_stacks
from cdk_delivery.cloud_assembly import Template, stack_artifacts

# The qualifier in the names of the bootstrap's roles and buckets: CDK's default. CDK takes seconds to import.
QUALIFIER = "hnb659fds"
# The pattern of the role that the tests of an environment assume, EnvironmentBuildNames.environment_role.
TESTS_ROLES = "*-tests"


def environment_role_names(assembly: Path) -> list[str]:
    """Return patterns for the roles and policies of the stages' stacks, and for the role that their tests assume.

    A generated name of a role or policy begins with its stack's name, which begins with its stage's name.
    """
    return [*(f"{pattern}-*" for pattern in environment_stack_names(assembly)), TESTS_ROLES]


def environment_stack_names(assembly: Path) -> list[str]:
    """Return patterns for the names of the stages' stacks, with `*` in place of the stage's name."""
    names: set[str] = set()
    for folder in dict.fromkeys(stack.assembly for stack in stack_artifacts(assembly) if stack.in_stage):
        stage = folder.rpartition("-")[2]
        names |= {stack.name.removeprefix(f"{stage}-") for stack in read_stacks(assembly, folder)}
    return [f"*-{name}" for name in sorted(names)]


def pipeline_role_names(assembly: Path, other_pipelines: Collection[str] = ()) -> list[str]:
    """Return patterns for the roles and policies of the pipeline's stack, and of other pipelines in its account.

    The pipeline's stack has the pipeline's name, and roles with a physical name begin with it as well.
    """
    names = {stack.name for stack in read_stacks(assembly, ".") if any(_is_role(stack.template))}
    return [f"{name}-*" for name in sorted({*names, *other_pipelines})]


def _is_role(template: Template) -> Iterator[bool]:
    return (resource["Type"] == "AWS::IAM::Role" for resource in template["Resources"].values())
