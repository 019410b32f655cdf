"""Which roles and policies belong to an environment, by patterns of their names."""

from __future__ import annotations

from pathlib import Path

from cdk_delivery.changes.stacks import read_stacks
from cdk_delivery.constructs.build_names import TESTS_ROLES


def environment_role_names(assembly: Path) -> list[str]:
    """Return patterns for the roles and policies of the stages' stacks, and for the role that their tests work with.

    CloudFormation begins the name of a role or policy with that of its stack; the stack's begins with its stage's.
    """
    names: set[str] = set()
    for folder in assembly.glob("assembly-*"):
        stage = folder.name.rpartition("-")[2]
        names |= {stack.name.removeprefix(f"{stage}-") for stack in read_stacks(assembly, folder.name)}
    return [*(f"*-{name}-*" for name in sorted(names)), TESTS_ROLES]
