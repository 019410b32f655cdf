"""Grants of a template: every statement of every policy in it, split so that two templates can be compared.

A policy is found by its shape, whatever resource holds it: roles, policies, keys, buckets, queues, topics.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import product

from cdk_delivery.changes.policy_attachments import attached_identities, attached_policies, referenced_ids
from cdk_delivery.changes.policy_documents import as_list, as_text, is_readable, statements
from cdk_delivery.cloud_assembly import Resource, Template

# Names of the properties that give a resource its role, such as `Role` of a function.
_ROLE = re.compile(r"(?:\w*[a-z])?Roles?(?:Arns?|ARN)?")


@dataclass(frozen=True, order=True)
class Grant:
    """One action on one resource for one principal; values that are not plain text are JSON.

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
        condition = f" if {self.condition}" if self.condition else ""
        return f"{self.holder}: {who}{self.action} on {self.resource}{condition}"


def find_grants(template: Template) -> frozenset[Grant]:
    """Return the grants of all statements, policy attachments, Lambda permissions and roles of the template."""
    resources = template.get("Resources", {})
    only_deny = {id_ for id_, resource in resources.items() if _only_denies(resource)}
    all_grants: set[Grant] = set()
    for holder, resource in resources.items():
        properties = resource.get("Properties", {})
        grants = [grant for statement in statements(properties) for grant in _grants(holder, statement)]
        grants += _lambda_permission_grants(holder, resource["Type"], properties)
        grants += _attachment_grants(holder, resource, only_deny)
        if "Condition" in resource:
            when = as_text(resource["Condition"])
            grants = [replace(grant, condition=f"{grant.condition} when {when}".strip()) for grant in grants]
        all_grants |= set(grants)
    return frozenset(all_grants)


def permissions_boundaries(template: Template) -> Mapping[str, str]:
    """Return logical id -> permissions boundary, for the resources that have one."""
    properties = {id_: resource.get("Properties", {}) for id_, resource in template.get("Resources", {}).items()}
    return {
        id_: as_text(role["PermissionsBoundary"]) for id_, role in properties.items() if "PermissionsBoundary" in role
    }


def _only_denies(resource: Resource) -> bool:
    policy_statements = list(statements(resource.get("Properties", {})))
    return bool(policy_statements) and all(
        is_readable(statement) and statement["Effect"] == "Deny" for statement in policy_statements
    )


def _grants(holder: str, statement: object) -> Iterator[Grant]:
    if not is_readable(statement):
        yield Grant(holder, "", "a statement that cannot be evaluated,", as_text(statement))
    elif statement["Effect"] == "Allow":
        condition = as_text(statement["Condition"]) if statement.get("Condition") else ""
        combinations = product(
            _principals(statement),
            _values(statement, "Action", "NotAction"),
            _values(statement, "Resource", "NotResource"),
        )
        for principal, action, resource in combinations:
            yield Grant(holder, principal, action, resource, condition)


def _values(statement: Mapping[str, object], name: str, inverse: str) -> list[str]:
    if inverse in statement:
        return [f"all but {as_text(statement[inverse])}"]
    return [as_text(value) for value in as_list(statement.get(name, "itself"))]


def _principals(statement: Mapping[str, object]) -> list[str]:
    if "NotPrincipal" in statement:
        return [f"all but {as_text(statement['NotPrincipal'])}"]
    principal = statement.get("Principal", "")
    if not isinstance(principal, Mapping):
        return [str(principal)]
    named = [(kind, name) for kind, names in principal.items() for name in as_list(names)]
    return ["*" if name == "*" else f"{kind} {as_text(name)}" for kind, name in named]


def _lambda_permission_grants(holder: str, kind: str, properties: Mapping[str, object]) -> Iterator[Grant]:
    """Yield the grants of Lambda permissions and function URLs, which have no policy document."""
    if kind in ("AWS::Lambda::Permission", "AWS::Lambda::LayerVersionPermission"):
        target = properties.get("FunctionName") or properties.get("LayerVersionArn")
        fields = ("Action", "Principal", "FunctionName", "LayerVersionArn")
        rest = {key: value for key, value in properties.items() if key not in fields}
        who = as_text(properties["Principal"])
        yield Grant(holder, who, as_text(properties["Action"]), as_text(target), as_text(rest) if rest else "")
    elif kind == "AWS::Lambda::Url" and properties["AuthType"] != "AWS_IAM":
        yield Grant(holder, "*", "lambda:InvokeFunctionUrl", as_text(properties["TargetFunctionArn"]))


def _attachment_grants(holder: str, resource: Resource, only_deny: set[str]) -> Iterator[Grant]:
    """Yield the identities of a policy, the policies of an identity, and the role of any other resource.

    only_deny: the logical ids of policies that grant nothing.
    """
    if holder not in only_deny:
        for identity in attached_identities(resource):
            yield Grant(holder, as_text(identity), "use the policy", "itself")
    for arn in attached_policies(resource):
        if not referenced_ids(arn) & only_deny:
            yield Grant(holder, "", "use the policy", as_text(arn))
    if not resource["Type"].startswith("AWS::IAM::") or resource["Type"] == "AWS::IAM::InstanceProfile":
        for role in _roles(resource.get("Properties", {})):
            yield Grant(holder, "", "act with the rights", as_text(role))


def _roles(value: object) -> Iterator[object]:
    """Yield the values of all properties within `value` whose names are those of a role."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from as_list(inner) if _ROLE.fullmatch(key) and inner else _roles(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _roles(inner)


def _matches(value: str, pattern: str) -> bool:
    return value == pattern or (not value.startswith("all but ") and fnmatchcase(value, pattern.replace("[", "[[]")))
