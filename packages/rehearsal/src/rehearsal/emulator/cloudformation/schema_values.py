"""Plausible values of Ref and Fn::GetAtt for resources without effect, derived from the schema of their type.

Source: CloudFormation user guide, "Resource type definition schema": primaryIdentifier is what Ref returns for most
types, readOnlyProperties are the attributes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal

from rehearsal.emulator.iam.cfnlint_data import PropertySchema, ResourceSchema, resource_schema
from rehearsal.emulator.ministack.port.cloudformation import ProvisionedResource
from rehearsal.emulator.ministack.port.requests import get_account_id, get_region

_PROPERTIES = "/properties/"
# Property -> the prefix of its EC2 id.
_ID_PREFIXES = {
    "AllocationId": "eipalloc",
    "EniId": "eni",
    "InstanceId": "i",
    "KeyPairId": "key",
    "NatGatewayId": "nat",
    "RouteTableId": "rtb",
    "VolumeId": "vol",
    "VpcId": "vpc",
}
_TIMES = ("Time", "Date", "At", "Timestamp")
_PLAIN = {"integer": "1", "number": "1", "boolean": "false", "array": "[]", "object": "{}"}


def resource_values(type_: str, name: str, properties: Mapping[str, object]) -> ProvisionedResource:
    """Return the value of Ref, and attribute -> value. name: the resource's name."""
    schema = resource_schema(type_)
    attributes = {
        path.replace("/", "."): _value(schema, path, type_, name) for path in _paths(schema, "readOnlyProperties")
    }
    attributes = {"Arn": _arn(type_, name), "Id": name} | attributes
    identifier = next(iter(_paths(schema, "primaryIdentifier")), "")
    value = properties.get(identifier)
    reference = value if isinstance(value, str) else attributes.get(identifier.replace("/", "."), name)
    return reference, attributes


def _paths(schema: ResourceSchema, key: Literal["primaryIdentifier", "readOnlyProperties"]) -> list[str]:
    """Property paths such as `Endpoint/Address`."""
    return [path.removeprefix(_PROPERTIES).replace(_PROPERTIES, "/") for path in schema.get(key, ())]


def _value(schema: ResourceSchema, path: str, type_: str, name: str) -> str:
    definition = _definition(schema, path)
    if definition.get("enum"):
        return str(definition["enum"][0])
    return _PLAIN.get(definition.get("type", "string")) or _text(path, type_, name)


def _text(path: str, type_: str, name: str) -> str:
    """A value in the form that the property's name suggests, such as an ARN or a URL; else the resource's name."""
    host = _host(type_, name)
    forms = {
        ("arn", "Arn", "ARN"): _arn(type_, name),
        ("Id", "ID"): f"{_ID_PREFIXES.get(path.rpartition('/')[2], _kind(type_))}-{_digest(f'{name}/{path}')}",
        ("Ip", "IpAddress"): f"203.0.113.{int(_digest(name), 16) % 254 + 1}",  # RFC 5737: for documentation
        ("Url", "URL", "Uri", "URI"): f"https://{host}/",
        ("Endpoint", "Address", "DnsName", "DNSName", "DomainName", "HostName"): host,
        _TIMES: "2026-01-01T00:00:00.000Z",
    }
    return next((form for endings, form in forms.items() if path.endswith(endings)), name)


def _definition(schema: ResourceSchema, path: str) -> PropertySchema:
    """The schema of a property; empty where there is none."""
    definition: PropertySchema = {"properties": schema.get("properties", {})}
    for part in path.split("/"):
        definition = definition.get("properties", {}).get(part, {})
        if reference := definition.get("$ref"):
            definition = schema.get("definitions", {}).get(reference.rpartition("/")[2], {})
    return definition


def _arn(type_: str, name: str) -> str:
    service = type_.lower().split("::")[-2]  # a custom resource, Custom::Thing, has two parts
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{_kind(type_)}/{name}"


def _kind(type_: str) -> str:
    return type_.rpartition("::")[2].lower()


def _host(type_: str, name: str) -> str:
    return f"{_digest(name)[:12]}.{type_.lower().split('::')[-2]}.{get_region()}.amazonaws.com"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:17]
