"""Host names and network interfaces of interface endpoints in a VPC.

Source: CloudFormation template reference, AWS::EC2::VPCEndpoint, return values: DnsEntries are `hosted zone:host name`,
first that of the region, then one for each subnet's zone.
"""

from __future__ import annotations

import hashlib
from typing import Any

from rehearsal.emulator.ministack.port.cloudformation import Properties, Provision, ProvisionedResource
from rehearsal.emulator.ministack.port.requests import get_region
from rehearsal.json_values import items


def add_to_created(create: Provision) -> Provision:
    """Return the replacement of the create handler of endpoints."""

    def create_endpoint(logical_id: str, properties: Properties, stack: str) -> ProvisionedResource:
        return _with_interfaces(create(logical_id, properties, stack), properties)

    return create_endpoint


def add_to_updated(update: Provision) -> Provision:
    """Return the replacement of the update handler of endpoints."""

    def update_endpoint(name: str, old: Properties, new: Properties, *rest: str) -> ProvisionedResource:
        return _with_interfaces(update(name, old, new, *rest), new)

    return update_endpoint


def _with_interfaces(resource: ProvisionedResource, properties: Properties) -> ProvisionedResource:
    name, attributes = resource
    if properties.get("VpcEndpointType") != "Interface":
        return resource
    subnets = [str(subnet) for subnet in items(properties, "SubnetIds")]
    labels = str(properties.get("ServiceName")).partition(f".{get_region()}.")[2].split(".")
    service = ".".join(reversed(labels))  # com.amazonaws.REGION.ecr.dkr -> dkr.ecr
    host = f"{name}-{_digest(name, 8)}"
    hosts = [host, *(f"{host}-{get_region()}{zone}" for zone, _ in zip("abcdef", subnets, strict=False))]
    entries = [f"Z{_digest(service, 13).upper()}:{host}.{service}.{get_region()}.vpce.amazonaws.com" for host in hosts]
    lists: dict[str, Any] = {
        "DnsEntries": entries,
        "NetworkInterfaceIds": [f"eni-{_digest(name + subnet, 17)}" for subnet in subnets],
    }
    return name, {**attributes, **lists}


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]
