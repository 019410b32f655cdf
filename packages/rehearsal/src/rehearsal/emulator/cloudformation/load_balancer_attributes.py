"""ARNs, names and host names of load balancers, listeners and target groups in AWS's form.

Sources: CloudFormation template reference, AWS::ElasticLoadBalancingV2::LoadBalancer, Listener and TargetGroup, return
values; Elastic Load Balancing user guides, "Application Load Balancers" and "Network Load Balancers" (DNS name).
"""

from __future__ import annotations

import zlib

from rehearsal.emulator.ministack.port import load_balancers
from rehearsal.emulator.ministack.port.cloudformation import Properties, Provision, ProvisionedResource
from rehearsal.emulator.ministack.port.requests import get_region

_KINDS = {"network": "net", "gateway": "gwy"}


def name_created(create: Provision) -> Provision:
    """Return the replacement of the create handler of load balancers."""

    def create_load_balancer(logical_id: str, properties: Properties, stack: str) -> ProvisionedResource:
        return _named(create(logical_id, properties, stack), properties)

    return create_load_balancer


def name_updated(update: Provision) -> Provision:
    """Return the replacement of the update handler of load balancers, which may replace one."""

    def update_load_balancer(name: str, old: Properties, new: Properties, *rest: str) -> ProvisionedResource:
        arn, attributes = update(name, old, new, *rest)
        return (arn, {**attributes, **_full_name(arn)}) if arn == name else _named((arn, attributes), new)

    return update_load_balancer


def name_created_listener(create: Provision) -> Provision:
    """Return the replacement of the create handler of listeners, whose ARN begins as that of their load balancer."""

    def create_listener(logical_id: str, properties: Properties, stack: str) -> ProvisionedResource:
        return _named_listener(create(logical_id, properties, stack), properties)

    return create_listener


def name_updated_listener(update: Provision) -> Provision:
    """Return the replacement of the update handler of listeners, which may replace one."""

    def update_listener(name: str, old: Properties, new: Properties, *rest: str) -> ProvisionedResource:
        return _named_listener(update(name, old, new, *rest), new)

    return update_listener


def name_target_group(handler: Provision) -> Provision:
    """Return the replacement of a handler of target groups, whose full name begins with `targetgroup/`."""

    def handle_target_group(*call: object) -> ProvisionedResource:
        arn, attributes = handler(*call)
        return arn, {**attributes, "TargetGroupFullName": arn.rpartition(":")[2]}

    return handle_target_group


def _named(resource: ProvisionedResource, properties: Properties) -> ProvisionedResource:
    arn, attributes = resource
    kind = _KINDS.get(str(properties.get("Type")), "app")
    new = arn.replace(":loadbalancer/app/", f":loadbalancer/{kind}/")
    host = _host_name(new, is_internal=properties.get("Scheme") == "internal")
    load_balancers.rename_load_balancer(arn, new, host)
    return new, {**attributes, "Arn": new, "LoadBalancerArn": new, "DNSName": host, **_full_name(new)}


def _named_listener(resource: ProvisionedResource, properties: Properties) -> ProvisionedResource:
    arn, attributes = resource
    balancer = str(properties["LoadBalancerArn"]).replace(":loadbalancer/", ":listener/")
    new = f"{balancer}/{arn.rpartition('/')[2]}"
    if new != arn:
        load_balancers.rename_listener(arn, new)
    return new, {**attributes, "ListenerArn": new, "Arn": new}


def _full_name(arn: str) -> dict[str, str]:
    return {"LoadBalancerFullName": arn.partition(":loadbalancer/")[2]}


def _host_name(arn: str, *, is_internal: bool) -> str:
    """Return the host name of a load balancer; that of an application load balancer ends in a number."""
    kind, name, id_ = arn.partition(":loadbalancer/")[2].split("/")
    if kind != "app":
        return f"{name}-{id_}.elb.{get_region()}.amazonaws.com"
    return f"{'internal-' if is_internal else ''}{name}-{zlib.crc32(id_.encode()):010}.{get_region()}.elb.amazonaws.com"
