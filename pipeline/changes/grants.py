"""What a template lets whom do: every statement of every policy in it, taken apart so that two can be compared.

A policy is found by its shape, whatever resource holds it: roles, policies, keys, buckets, queues, topics.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import product
from typing import Any

from pipeline.changes.stacks import Template


@dataclass(frozen=True, order=True)
class Grant:
    """One action on one resource for one principal; what is no plain text is JSON.

    holder: the logical id of the resource that holds the statement; principal: empty in a role's own policy.
    """

    holder: str
    principal: str
    action: str
    resource: str
    condition: str = ""

    def covers(self, other: Grant) -> bool:
        """Whether `other` allows nothing that this one does not allow."""
        return (
            self.holder == other.holder
            and self.principal in (other.principal, "*")
            and self.condition in (other.condition, "")
            and _matches(other.action.lower(), self.action.lower())
            and _matches(other.resource, self.resource)
        )

    def __str__(self) -> str:
        who = f"{self.principal} may " if self.principal else ""
        return f"{self.holder}: {who}{self.action} on {self.resource}" + (
            f" if {self.condition}" * bool(self.condition)
        )


def allowed(template: Template) -> frozenset[Grant]:
    """Everything that some statement of the template allows."""
    found: set[Grant] = set()
    for holder, resource in template.get("Resources", {}).items():
        properties = resource.get("Properties", {})
        for statement in statements(properties):
            if statement.get("Effect", "Allow") == "Allow":
                found |= set(_grants(holder, statement))
        found |= set(_of_lambda(holder, resource["Type"], properties))
        found |= {Grant(holder, "", "use the policy", _text(arn)) for arn in properties.get("ManagedPolicyArns", ())}
    return frozenset(found)


def denied(template: Template) -> frozenset[tuple[str, str]]:
    """Holder and text of every statement that denies."""
    return frozenset(
        (holder, _text({key: value for key, value in statement.items() if key != "Sid"}))
        for holder, resource in template.get("Resources", {}).items()
        for statement in statements(resource.get("Properties", {}))
        if statement.get("Effect") == "Deny"
    )


def bounded(template: Template) -> Mapping[str, str]:
    """Logical id -> permissions boundary, of the resources that have one."""
    properties = {id_: each.get("Properties", {}) for id_, each in template.get("Resources", {}).items()}
    return {
        id_: _text(each["PermissionsBoundary"]) for id_, each in properties.items() if "PermissionsBoundary" in each
    }


def statements(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every statement of every policy document within `value`."""
    if isinstance(value, Mapping):
        held = value.get("Statement")
        if isinstance(held, Mapping | list):
            yield from [held] if isinstance(held, Mapping) else held
        for inner in value.values():
            yield from statements(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from statements(inner)


def _grants(holder: str, statement: Mapping[str, Any]) -> Iterator[Grant]:
    condition = _text(statement["Condition"]) if statement.get("Condition") else ""
    everything = product(
        _principals(statement), _values(statement, "Action", "NotAction"), _values(statement, "Resource", "NotResource")
    )
    for principal, action, resource in everything:
        yield Grant(holder, principal, action, resource, condition)


def _values(statement: Mapping[str, Any], name: str, inverse: str) -> list[str]:
    if inverse in statement:
        return [f"all but {_text(statement[inverse])}"]
    return [_text(each) for each in _list(statement.get(name, "itself"))]


def _principals(statement: Mapping[str, Any]) -> list[str]:
    if "NotPrincipal" in statement:
        return [f"all but {_text(statement['NotPrincipal'])}"]
    principal = statement.get("Principal", "")
    if not isinstance(principal, Mapping):
        return [str(principal)]
    named = [(kind, each) for kind, names in principal.items() for each in _list(names)]
    return ["*" if each == "*" else f"{kind} {_text(each)}" for kind, each in named]


def _of_lambda(holder: str, kind: str, properties: Mapping[str, Any]) -> Iterator[Grant]:
    """Permissions of functions and layers are resources of their own, without a policy document."""
    if kind in ("AWS::Lambda::Permission", "AWS::Lambda::LayerVersionPermission"):
        target = properties.get("FunctionName") or properties.get("LayerVersionArn")
        beside = ("Action", "Principal", "FunctionName", "LayerVersionArn")
        rest = {key: value for key, value in properties.items() if key not in beside}
        who = _text(properties["Principal"])
        yield Grant(holder, who, _text(properties["Action"]), _text(target), _text(rest) if rest else "")


def _matches(value: str, pattern: str) -> bool:
    return value == pattern or (not value.startswith("all but ") and fnmatchcase(value, pattern.replace("[", "[[]")))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
