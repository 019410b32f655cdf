"""Obstacles that would make the deployment fail, each with the command that removes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from cdk_delivery.changes import bootstrap_policies, reader_role
from cdk_delivery.changes.deployed import CannotCompare, ReaderSessions
from cdk_delivery.changes.stacks import Stack, StackComparison


def find_obstacles(
    pipeline: str, compared: Sequence[StackComparison], sessions: ReaderSessions, access: Path
) -> list[str]:
    """Return a line for each obstacle. access: the folder of the push's generated policies. Raises CannotCompare."""
    stacks = [comparison.stack for comparison in compared]
    return [
        *_foreign_stacks(pipeline, compared),
        *_dead_stacks(compared),
        *_outdated_accounts(stacks, sessions, access),
    ]


def bootstrap_command(stack: Stack) -> str:
    """Return the command that prepares the stack's account and region again."""
    return f"delivery bootstrap --only {stack.account}/{stack.region} --profile {stack.account}=PROFILE"


def _foreign_stacks(pipeline: str, compared: Sequence[StackComparison]) -> Iterator[str]:
    """Yield the stacks of other pipelines: two pipelines with an environment of one name would share its stacks."""
    for comparison in compared:
        if comparison.belongs_to_another_pipeline(pipeline):
            stack = comparison.stack
            yield (
                f"{stack.name} is in {stack.account}/{stack.region} already, and {pipeline} did not deploy it; give the"
                " environment another name in cdk.json, or an account of its own"
            )


def _dead_stacks(compared: Sequence[StackComparison]) -> Iterator[str]:
    for comparison in compared:
        if comparison.deployed and (verb := comparison.deployed.recovery_verb):
            stack, status = comparison.stack, comparison.deployed.status
            yield (
                f"{stack.name} in {stack.account}/{stack.region} is in {status} and takes no update;"
                f" first `{stack.command(verb)}`, then retry the stage"
            )


def _outdated_accounts(stacks: Sequence[Stack], sessions: ReaderSessions, access: Path) -> Iterator[str]:
    """Yield the accounts whose policies are not those of the push: CloudFormation would lack permissions there."""
    pipeline_account = boto3.client("sts").get_caller_identity()["Account"]
    for stack in {stack.account: stack for stack in stacks}.values():
        kinds = [bootstrap_policies.BOUNDARY, bootstrap_policies.ENVIRONMENT, reader_role.POLICY]
        kinds += [bootstrap_policies.PIPELINE] if stack.account == pipeline_account else []
        iam = sessions.client("iam", stack.account, stack.region)
        try:
            outdated = [*bootstrap_policies.outdated_policies(iam, stack.account, access, kinds)]
        except ClientError as error:
            raise CannotCompare(f"the policies of {stack.account} cannot be read ({error})") from error
        if outdated:
            yield (
                f"{', '.join(outdated)} in {stack.account} differ from {access}/ of this push; bootstrap the account"
                f" first, then retry the stage: `{bootstrap_command(stack)}`"
            )
