"""Keys of log groups: CloudWatch Logs takes a key only where the key's policy lets the service encrypt with it.

Source: Amazon CloudWatch Logs user guide, "Encrypt log data in CloudWatch Logs using AWS KMS". The sentence is AWS's,
quoted in github.com/aws/aws-cdk issue 28304 and terraform-provider-aws issue 29282.
"""

from __future__ import annotations

from rehearsal.emulator.cloudformation.resource_handlers import Create, Update
from rehearsal.emulator.iam import service_principals
from rehearsal.emulator.ministack.port import kms
from rehearsal.emulator.ministack.port.cloudformation import Properties, ProvisionedResource
from rehearsal.emulator.ministack.port.requests import (
    Answer,
    Operation,
    Params,
    error_response_json,
    get_account_id,
    get_region,
)

# Of the actions that the user guide lists, the ones that encrypt; which of them AWS tries is not documented.
_ACTIONS = ("kms:Encrypt", "kms:GenerateDataKey")


class KeyNotAllowed(ValueError):
    """CloudWatch Logs may not use the key of a log group."""


def reject_in_created(create: Create[Properties]) -> Create[Properties]:
    """Return the replacement of CloudFormation's create handler of log groups. It raises KeyNotAllowed."""

    def create_checked(logical_id: str, properties: Properties, stack: str) -> ProvisionedResource:
        # MiniStack's own name of a group without one
        name = properties.get("LogGroupName") or f"/aws/cloudformation/{stack}/{logical_id}"
        _check(properties.get("KmsKeyId"), str(name))
        return create(logical_id, properties, stack)

    return create_checked


def reject_in_updated(update: Update) -> Update:
    """Return the replacement of the update handler; a key that stays is not checked. It raises KeyNotAllowed."""

    def update_checked(name: str, old: Properties, new: Properties, *rest: str) -> ProvisionedResource:
        if new.get("KmsKeyId") != old.get("KmsKeyId"):
            _check(new.get("KmsKeyId"), name)
        return update(name, old, new, *rest)

    return update_checked


def reject_in_request(create: Operation) -> Operation:
    """Return the replacement of CreateLogGroup."""

    def create_checked(data: Params) -> Answer:
        try:
            _check(data.get("kmsKeyId"), str(data.get("logGroupName")))
        except KeyNotAllowed as error:
            return error_response_json("AccessDeniedException", str(error), 400)
        return create(data)

    return create_checked


def _check(key: object, group: str) -> None:
    """Raise KeyNotAllowed; without a key there is nothing to check. group: the name of the log group."""
    arn = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}"
    if key and not _is_allowed(str(key), arn):
        raise KeyNotAllowed(f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'")


def _is_allowed(key: str, group: str) -> bool:
    """Whether a key exists and its policy lets CloudWatch Logs encrypt with it. key: no alias. group: its ARN."""
    _, _, _, region, account, *_ = group.split(":")
    record = kms.find_key(account, region, key)
    if record is None or "alias/" in key:
        return False
    service = f"logs.{region}.amazonaws.com"
    keys = {"aws:sourcearn": group, "aws:sourceaccount": account, "kms:encryptioncontext:aws:logs:arn": group}
    return any(
        service_principals.service_allowed(
            record.get("Policy"), service, action, record["Arn"], account=account, keys=keys
        )
        for action in _ACTIONS
    )
