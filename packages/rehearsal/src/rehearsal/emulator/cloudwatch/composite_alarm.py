"""`AWS::CloudWatch::CompositeAlarm` for MiniStack, which has composite alarms, but not their CloudFormation type.

Source: AWS CloudFormation user guide, "AWS::CloudWatch::CompositeAlarm".
"""

from __future__ import annotations

from rehearsal.emulator.ministack.port import cloudformation, cloudwatch
from rehearsal.emulator.ministack.port.cloudformation import Properties, ProvisionedResource

TYPE = "AWS::CloudWatch::CompositeAlarm"


def register() -> None:
    """Register the type."""
    handlers = cloudformation.resource_handlers(_create, _update, _delete, update_with_logical_id=True)
    cloudformation.register_resource_type(TYPE, handlers)


def _create(logical_id: str, properties: Properties, stack: str) -> ProvisionedResource:
    name = properties.get("AlarmName") or cloudformation.physical_name(stack, logical_id, length=255)
    return str(name), {"Arn": cloudwatch.put_composite_alarm({**properties, "AlarmName": name})}


def _update(name: str, _old: Properties, new: Properties, stack: str, logical_id: str) -> ProvisionedResource:
    if new.get("AlarmName", name) != name:
        return _create(logical_id, new, stack)
    return name, {"Arn": cloudwatch.put_composite_alarm({**new, "AlarmName": name})}


def _delete(name: str, _properties: Properties) -> None:
    cloudwatch.delete_composite_alarm(name)
