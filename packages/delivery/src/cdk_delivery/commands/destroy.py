"""`destroy`: delete the stages, then the pipeline, and on request the artifacts and logs that it retains.

Stacks are deleted with the bootstrap's execution role, as they were created.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click
from botocore.exceptions import ClientError, WaiterError

from cdk_delivery.changes.stacks import deployed_by
from cdk_delivery.cloud_assembly import Template
from cdk_delivery.commands.accounts import Sessions, Target, settings
from cdk_delivery.commands.bootstrap import check_identity
from cdk_delivery.commands.pause import pause_pipeline
from cdk_delivery.commands.retained_resources import RetainedResource, delete_resource, leftovers, resources_to_retain
from cdk_delivery.commands.stacks import DeployedStack, environment_stacks, environment_target, pipeline_stacks
from cdk_delivery.errors import PipelineError
from cdk_delivery.settings.model import Delivery

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

_WAIT = {"Delay": 5, "MaxAttempts": 240}


@dataclass(frozen=True)
class StackDeletion:
    """A stack to delete. retained: its resources that CloudFormation retains by their deletion policy."""

    stack: DeployedStack
    retained: Sequence[RetainedResource]


def destroy(root: Path, profiles: Sequence[str], *, data: bool, yes: bool) -> int:
    """List the stacks, ask, and delete them. data: delete retained artifacts too, of earlier runs as well."""
    delivery, sessions = settings(root), Sessions(profiles)
    deletions = list(_stacks_to_delete(delivery, sessions))
    retained = list(_leftovers(delivery, sessions))
    _print_deletions(deletions, retained, data=data)
    if not deletions and not (data and retained):
        return 0
    if not yes:
        click.confirm(_question(len(deletions), data=data), abort=True)
    pause_pipeline(sessions.client("codepipeline", Target(delivery.account, delivery.region)), delivery.name)
    for deletion in deletions:
        _delete(deletion.stack, sessions)
        click.echo(f"{deletion.stack} is deleted")
        if data and deletion.stack.holds_artifacts:
            retained += deletion.retained
    if data:
        for resource in retained:
            delete_resource(resource, sessions)
    click.echo("the bootstrap stays: delete the stack CDKToolkit of each account by hand if nothing else uses it")
    return 0


def _stacks_to_delete[OptionsT](delivery: Delivery[OptionsT], sessions: Sessions) -> Iterator[StackDeletion]:
    """Yield the stacks in the order of their deletion: the highest environment first, the pipeline last."""
    for environment in reversed(delivery.environments):
        check_identity(sessions, environment_target(environment))
        for stack in environment_stacks(environment, sessions):
            yield from _deletion(stack, delivery, sessions)
    for stack in pipeline_stacks(delivery):
        check_identity(sessions, stack.target)
        yield from _deletion(stack, delivery, sessions)


def _deletion[OptionsT](
    stack: DeployedStack, delivery: Delivery[OptionsT], sessions: Sessions
) -> Iterator[StackDeletion]:
    """Yield the deletion of a stack; nothing if it does not exist, or if another pipeline deployed it."""
    api = sessions.client("cloudformation", stack.target)
    if _status(api, stack.name) in (None, "DELETE_COMPLETE"):
        return
    body = api.get_template(StackName=stack.name, TemplateStage="Original")["TemplateBody"]
    # boto3 returns YAML as text, and CDK deploys JSON
    template = cast("Template", body) if isinstance(body, Mapping) else {}
    if not stack.holds_artifacts and deployed_by(template) != delivery.name:
        click.echo(f"{stack} stays: {delivery.name} did not deploy it", err=True)
    else:
        yield StackDeletion(stack, list(resources_to_retain(api, stack.target, stack.name, template)))


def _leftovers[OptionsT](delivery: Delivery[OptionsT], sessions: Sessions) -> Iterator[RetainedResource]:
    for stack in pipeline_stacks(delivery):
        yield from leftovers(sessions, stack.target, stack.name)


def _print_deletions(deletions: Sequence[StackDeletion], retained: Sequence[RetainedResource], *, data: bool) -> None:
    if not deletions:
        click.echo("nothing is deployed")
    for deletion in deletions:
        click.echo(str(deletion.stack))
        for resource in deletion.retained:
            emptied = data and deletion.stack.holds_artifacts
            click.echo(f"  {'emptied and deleted' if emptied else 'stays, by its deletion policy'}: {resource}")
    for resource in retained:
        state = "emptied and deleted" if data else "stays; --data would delete it"
        click.echo(f"{resource.target}: left by an earlier deletion, {state}: {resource}")


def _question(count: int, *, data: bool) -> str:
    return f"Delete {count} stacks{' and what they keep of artifacts' if data else ''}?"


def _status(api: CloudFormationClient, stack: str) -> str | None:
    """Return the stack's status; None if there is no such stack."""
    try:
        status: str = api.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return status


def _delete(stack: DeployedStack, sessions: Sessions) -> None:
    api = sessions.client("cloudformation", stack.target)
    try:
        _wait_for_update(api, stack)
        api.update_termination_protection(StackName=stack.name, EnableTerminationProtection=False)
        api.delete_stack(StackName=stack.name, RoleARN=stack.execution_role)
        api.get_waiter("stack_delete_complete").wait(StackName=stack.name, WaiterConfig=_WAIT)
    except WaiterError as error:
        raise PipelineError(
            f"{stack} is not deleted: {error}; its events in CloudFormation say why. Run this again when that is"
            " fixed: what is deleted is left out"
        ) from error


def _wait_for_update(api: CloudFormationClient, stack: DeployedStack) -> None:
    """Wait until the stack is not being updated: CloudFormation does not delete it during an update.

    The update of an abandoned action continues. Raises PipelineError after 20 minutes.
    """
    for _ in range(_WAIT["MaxAttempts"]):
        status = _status(api, stack.name) or ""
        if not status.endswith("_IN_PROGRESS") or status.startswith(("REVIEW", "DELETE")):
            return
        time.sleep(_WAIT["Delay"])
    raise PipelineError(f"{stack} is still {status}; run this again when it has come to its end")
