"""A CloudFormation template as the checks read it: resources, references and the statements of roles."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from cdk_delivery.cloud_assembly import Resource
from cdk_delivery.json_values import items, mapping


@dataclass(frozen=True)
class Template:
    """`resources`: logical id -> resource, as CloudFormation reads it."""

    name: str
    resources: Mapping[str, Resource]

    @classmethod
    def read(cls, file: Path) -> Template:
        """Read the template from a JSON file."""
        return cls(file.name.removesuffix(".template.json"), json.loads(file.read_text())["Resources"])

    def of_type(self, kind: str) -> Iterator[tuple[str, Mapping[str, object]]]:
        """Yield logical id and properties of each resource of a type such as AWS::SQS::Queue."""
        for id_, resource in self.resources.items():
            if resource["Type"] == kind:
                yield id_, resource.get("Properties", {})

    def referenced_id(self, value: object) -> str | None:
        """Return the first logical id in `value` that Ref or Fn::GetAtt refers to; None without one."""
        match value:
            case {"Ref": str(id_)} | {"Fn::GetAtt": [str(id_), *_]} if id_ in self.resources:
                return id_
            case Mapping():
                children = [*value.values()]
            case list():
                children = value
            case _:
                return None
        return next(filter(None, map(self.referenced_id, children)), None)

    def statements(self, role: str) -> Iterator[Mapping[str, object]]:
        """Yield the statements of one role: inline, of policies attached to it, and of this template's managed ones."""
        properties = self.resources[role].get("Properties", {})
        documents = [mapping(policy, "PolicyDocument") for policy in items(properties, "Policies")]
        managed = {self.referenced_id(arn) for arn in items(properties, "ManagedPolicyArns")}
        for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            for id_, policy in self.of_type(kind):
                if id_ in managed or role in map(self.referenced_id, items(policy, "Roles")):
                    documents.append(mapping(policy, "PolicyDocument"))
        for document in documents:
            yield from map(mapping, items(document, "Statement"))

    def allows(self, role: str, action: str, resource: str) -> bool:
        """Return whether a statement of `role` allows `action` on the resource; conditions and denials are ignored."""
        return any(
            statement["Effect"] == "Allow"
            and any(fnmatchcase(action, str(pattern)) for pattern in _as_list(statement.get("Action", ())))
            and any(
                arn == "*" or self.referenced_id(arn) == resource for arn in _as_list(statement.get("Resource", ()))
            )
            for statement in self.statements(role)
        )


def _as_list(value: object) -> list[object]:
    """Return a list: policies may have a single value in place of a list."""
    return list(value) if isinstance(value, list | tuple) else [value]
