"""Attachments of policies: identities and resources that a policy names, and policies that an identity names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cdk_delivery.changes.policy_documents import as_list, statements
from cdk_delivery.cloud_assembly import Resource

_IDENTITIES = ("Roles", "Users", "Groups", "RoleName", "UserName", "GroupName")
_POLICIES = ("ManagedPolicyArns", "ManagedPolicies", "CustomerManagedPolicyReferences")


def attached_identities(resource: Resource) -> list[object]:
    """Return the roles, users and groups that a policy of IAM names; empty for any other resource."""
    properties = resource.get("Properties", {})
    if not (resource["Type"].startswith("AWS::IAM::") and resource["Type"].endswith("Policy")):
        return []
    return [identity for name in _IDENTITIES if name in properties for identity in as_list(properties[name])]


def guarded_resources(resource: Resource) -> list[object]:
    """Return what a resource policy is attached to, such as a bucket; empty for a policy inside its resource."""
    if resource["Type"].startswith("AWS::IAM::") or not resource["Type"].endswith("Policy"):
        return []
    values = [property_ for property_ in resource.get("Properties", {}).values() if not list(statements(property_))]
    return [arn for value in values for arn in as_list(value) if isinstance(arn, str | Mapping)]


def attached_policies(resource: Resource) -> list[object]:
    """Return the managed policies that a role, a user, a group or a permission set names."""
    properties = resource.get("Properties", {})
    return [policy for name in _POLICIES if name in properties for policy in as_list(properties[name])]


def referenced_ids(value: object) -> set[str]:
    """Return the logical ids that `value` refers to, without pseudo parameters."""
    return {reference for reference in _walk_references(value) if not reference.startswith("AWS::")}


def _walk_references(value: object) -> Iterator[str]:
    match value:
        case {"Ref": str(id_)} | {"Fn::GetAtt": [str(id_), *_]}:
            yield id_
        case Mapping():
            for inner in value.values():
                yield from _walk_references(inner)
        case list():
            for inner in value:
                yield from _walk_references(inner)
