"""Attributes of VPCs and subnets that are properties as well, such as CidrBlock, which Fn::GetAtt returns.

Source: CloudFormation template reference, AWS::EC2::VPC and AWS::EC2::Subnet, return values.
"""

from __future__ import annotations

from rehearsal.emulator.ministack.port.cloudformation import Properties, Provision, ProvisionedResource


def add_to_created(create: Provision) -> Provision:
    """Return the replacement of a create handler, whose resource has its properties as attributes too."""

    def create_with_attributes(logical_id: str, properties: Properties, stack: str) -> ProvisionedResource:
        return _with_attributes(create(logical_id, properties, stack), properties)

    return create_with_attributes


def add_to_updated(update: Provision) -> Provision:
    """Return the replacement of an update handler; the attributes are the new properties."""

    def update_with_attributes(name: str, old: Properties, new: Properties, *rest: str) -> ProvisionedResource:
        return _with_attributes(update(name, old, new, *rest), new)

    return update_with_attributes


def _with_attributes(resource: ProvisionedResource, properties: Properties) -> ProvisionedResource:
    name, attributes = resource
    return name, {key: value for key, value in properties.items() if isinstance(value, str)} | attributes
