"""`destroy`: the stages first, then the pipeline, and on request what retention keeps of it.

The stages' stacks are deleted with the bootstrap's execution role, which is what they were made with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import ClientError, WaiterError

from pipeline.commands.accounts import Sessions, Target, settings
from pipeline.commands.bootstrap import check_identity
from pipeline.errors import PipelineError
from pipeline.settings import Delivery, Environment

PIPELINE = "Pipeline"
_WAIT = {"Delay": 5, "MaxAttempts": 240}


@dataclass(frozen=True)
class Doomed:
    """A stack to delete, and its resources that stay behind because their deletion policy says so."""

    target: Target
    stack: str
    kept: Sequence[str]


def destroy(root: Path, profiles: Sequence[str], *, data: bool, yes: bool) -> int:
    """List, ask, delete; highest environments first, as nothing is left that could deploy to them again."""
    delivery, sessions = settings(root), Sessions(profiles)
    doomed = list(_doomed(delivery, sessions))
    if not doomed:
        click.echo("nothing is deployed")
        return 0
    for each in doomed:
        click.echo(f"{each.target}: {each.stack}")
        for resource in each.kept:
            emptied = data and each.stack == PIPELINE
            click.echo(f"  {'emptied and deleted' if emptied else 'stays, by its deletion policy'}: {resource}")
    if not yes:
        click.confirm(f"Delete {len(doomed)} stacks?", abort=True)
    _disable(delivery, sessions)
    for each in doomed:
        _delete(each, sessions)
        click.echo(f"{each.target}: {each.stack} is deleted")
        if data and each.stack == PIPELINE:
            _empty(each, sessions)
    click.echo("the bootstrap stays: delete the stack CDKToolkit of each account by hand if nothing else uses it")
    return 0


def _doomed(delivery: Delivery, sessions: Sessions) -> Iterator[Doomed]:
    places = [*((_target(one), f"{one.name.title()}-Echo") for one in reversed(delivery.environments))]
    for target, stack in [*places, (Target(delivery.account, delivery.region), PIPELINE)]:
        check_identity(sessions, target)
        api = sessions.client("cloudformation", target)
        if _exists(api, stack):
            yield Doomed(target, stack, list(_kept(api, stack)))


def _target(environment: Environment) -> Target:
    return Target(environment.account, environment.region, (environment.name,))


def _exists(api: Any, stack: str) -> bool:
    try:
        status: str = api.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if "does not exist" in str(error):
            return False
        raise
    return status != "DELETE_COMPLETE"


def _kept(api: Any, stack: str) -> Iterator[str]:
    template = api.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
    resources = template["Resources"] if isinstance(template, dict) else {}
    keeping = {
        id_ for id_, each in resources.items() if each.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate")
    }
    for each in api.describe_stack_resources(StackName=stack)["StackResources"]:
        if each["LogicalResourceId"] in keeping:
            yield f"{each['ResourceType']} {each.get('PhysicalResourceId', each['LogicalResourceId'])}"


def _disable(delivery: Delivery, sessions: Sessions) -> None:
    """A push meanwhile would deploy again what is being deleted."""
    api = sessions.client("codepipeline", Target(delivery.account, delivery.region))
    try:
        stages = api.get_pipeline(name=delivery.name)["pipeline"]["stages"]
        api.disable_stage_transition(
            pipelineName=delivery.name, stageName=stages[1]["name"], transitionType="Inbound", reason="being destroyed"
        )
    except ClientError as error:
        click.echo(
            f"the pipeline could not be held ({error.response['Error']['Code']}): push nothing meanwhile", err=True
        )


def _delete(doomed: Doomed, sessions: Sessions) -> None:
    api = sessions.client("cloudformation", doomed.target)
    role = f"cdk-hnb659fds-cfn-exec-role-{doomed.target.account}-{doomed.target.region}"
    api.delete_stack(StackName=doomed.stack, RoleARN=f"arn:aws:iam::{doomed.target.account}:role/{role}")
    try:
        api.get_waiter("stack_delete_complete").wait(StackName=doomed.stack, WaiterConfig=_WAIT)
    except WaiterError as error:
        raise PipelineError(
            f"{doomed.target}: {doomed.stack} is not deleted: {error}; its events in CloudFormation say why. Run this"
            " again when that is mended: what is deleted is left out"
        ) from error


def _empty(doomed: Doomed, sessions: Sessions) -> None:
    """Delete the buckets that stayed, with every version of every object, and schedule the keys' deletion."""
    s3, kms = sessions.client("s3", doomed.target), sessions.client("kms", doomed.target)
    for kept in doomed.kept:
        kind, _, name = kept.partition(" ")
        if kind == "AWS::S3::Bucket":
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
                held = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                objects = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in held]
                if objects:
                    s3.delete_objects(Bucket=name, Delete={"Objects": objects})
            s3.delete_bucket(Bucket=name)
        elif kind == "AWS::KMS::Key":
            kms.schedule_key_deletion(KeyId=name, PendingWindowInDays=30)
        else:
            click.echo(f"  {kept} has to be deleted by hand", err=True)
