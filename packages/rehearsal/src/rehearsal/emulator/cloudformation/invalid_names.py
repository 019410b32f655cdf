"""Names in a template that are too long or have other characters than the schema of their resource type allows.

Source: AWS CloudFormation CLI user guide, "Resource type schema" (maxLength, minLength, pattern). The messages are
quoted in cloudformation-resource-schema#114; for a long role name in copilot-cli#2118.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from rehearsal.emulator.cloudformation.resource_names import name_property
from rehearsal.emulator.iam.cfnlint_data import resource_schema

Provision = Callable[[str, str, Mapping[str, object], str], object]


def refuse_invalid_names(provision: Provision) -> Provision:
    """Return the replacement of the function that creates a resource of a stack."""

    def provision_with_valid_name(type_: str, logical_id: str, properties: Mapping[str, object], stack: str) -> object:
        key = name_property(type_)
        name = properties.get(key)
        if isinstance(name, str) and (problems := "; ".join(_violations(type_, key, name))):
            raise ValueError(f"Properties validation failed for resource {logical_id} with message: {problems}")
        return provision(type_, logical_id, properties, stack)

    return provision_with_valid_name


def _violations(type_: str, key: str, name: str) -> Iterator[str]:
    """Yield the constraints of the type's schema that the name violates."""
    schema = resource_schema(type_).get("properties", {}).get(key, {})
    shortest, longest, pattern = schema.get("minLength", 0), schema.get("maxLength"), schema.get("pattern", "")
    if longest is not None and len(name) > longest:
        yield f"#/{key}: expected maxLength: {longest}, actual: {len(name)} ({name})"
    if len(name) < shortest:
        yield f"#/{key}: expected minLength: {shortest}, actual: {len(name)}"
    if not re.search(pattern, name, re.ASCII):
        yield f"#/{key}: failed validation constraint for keyword [pattern]: {name} does not match {pattern}"
