"""One CloudFormation template, as the checks look at it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Template:
    """`resources`: logical id -> resource, as CloudFormation reads it."""

    name: str
    resources: Mapping[str, Resource]

    @classmethod
    def read(cls, file: Path) -> Template:
        """The template in one JSON file."""
        return cls(file.name.removesuffix(".template.json"), json.loads(file.read_text())["Resources"])

    def of_type(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Logical id and properties of each resource of a type such as AWS::SQS::Queue."""
        for id_, resource in self.resources.items():
            if resource["Type"] == kind:
                yield id_, resource.get("Properties", {})

    def referenced_id(self, value: Any) -> str | None:
        """The logical id of this template that `value` leads to by Ref or Fn::GetAtt; None where there is none."""
        if isinstance(value, Mapping):
            for key, inner in value.items():
                id_ = inner if key == "Ref" else inner[0] if key == "Fn::GetAtt" else None
                if id_ in self.resources:
                    return str(id_)
        children = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
        return next((found for child in children if (found := self.referenced_id(child))), None)

    def statements(self, role: str) -> Iterator[Mapping[str, Any]]:
        """The statements of one role: inline, of policies attached to it, and of managed policies of this template."""
        properties = self.resources[role].get("Properties", {})
        held = [policy["PolicyDocument"] for policy in properties.get("Policies", ())]
        managed = {self.referenced_id(arn) for arn in properties.get("ManagedPolicyArns", ())}
        for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            for id_, policy in self.of_type(kind):
                if id_ in managed or role in map(self.referenced_id, policy.get("Roles", ())):
                    held.append(policy["PolicyDocument"])
        for document in held:
            yield from document["Statement"]

    def allows(self, role: str, action: str, resource: str) -> bool:
        """Whether a statement of `role` allows `action` on the resource; conditions are not judged."""
        return any(
            statement["Effect"] == "Allow"
            and any(fnmatchcase(action, pattern) for pattern in _as_list(statement.get("Action", ())))
            and any(
                each == "*" or self.referenced_id(each) == resource for each in _as_list(statement.get("Resource", ()))
            )
            for statement in self.statements(role)
        )


def _as_list(value: Any) -> list[Any]:
    """IAM writes one as it is, and several as a list."""
    return list(value) if isinstance(value, list | tuple) else [value]
