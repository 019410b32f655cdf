"""Where a deployment would let somebody do more than today: IAM, resource policies, security groups."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.changes.grants import allowed, bounded, denied
from pipeline.changes.stacks import Template

_RULES = {
    "AWS::EC2::SecurityGroup": ("SecurityGroupIngress", "SecurityGroupEgress"),
    "AWS::EC2::SecurityGroupIngress": (),
    "AWS::EC2::SecurityGroupEgress": (),
}


def broadenings(old: Template, new: Template) -> Sequence[str]:
    """A line for each thing that is newly allowed; what an older, wider grant covered is none.

    A policy of a resource with a new logical id counts as new: nobody can tell that it is the old one.
    """
    return sorted([*_grants(old, new), *_denials(old, new), *_boundaries(old, new), *_security_groups(old, new)])


def _grants(old: Template, new: Template) -> Iterator[str]:
    before = allowed(old)
    for grant in allowed(new) - before:
        if not any(each.covers(grant) for each in before):
            yield str(grant)


def _denials(old: Template, new: Template) -> Iterator[str]:
    for holder, text in denied(old) - denied(new):
        if holder in new.get("Resources", {}):
            yield f"{holder}: no longer denies {text}"


def _boundaries(old: Template, new: Template) -> Iterator[str]:
    before, after = bounded(old), bounded(new)
    for id_ in new.get("Resources", {}):
        if id_ in before and before[id_] != after.get(id_):
            yield f"{id_}: its permissions boundary changes from {before[id_]} to {after.get(id_, 'none')}"


def _security_groups(old: Template, new: Template) -> Iterator[str]:
    for group, rule in _rules(new) - _rules(old):
        yield f"{group}: opens {rule}"


def _rules(template: Template) -> set[tuple[str, str]]:
    return {
        (id_, json.dumps(rule, sort_keys=True))
        for id_, resource in template.get("Resources", {}).items()
        if resource["Type"] in _RULES
        for rule in _rules_of(resource)
    }


def _rules_of(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    properties, inline = resource.get("Properties", {}), _RULES[resource["Type"]]
    rules = [rule for name in inline for rule in properties.get(name, [])] if inline else [properties]
    for rule in rules:
        yield {key: value for key, value in rule.items() if key != "Description"}
