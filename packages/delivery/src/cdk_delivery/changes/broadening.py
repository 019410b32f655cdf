"""Changes that broaden access: IAM, resource policies, security groups.

A change that cannot be evaluated counts as broader, because a change that counts as harmless needs no approval.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cdk_delivery.changes.denials import find_denials
from cdk_delivery.changes.grants import find_grants, permissions_boundaries
from cdk_delivery.changes.policy_documents import as_list, as_text
from cdk_delivery.changes.resolved_templates import resolve_template
from cdk_delivery.cloud_assembly import Resource, Template

_SECURITY_GROUP_RULES = {
    "AWS::EC2::SecurityGroup": ("SecurityGroupIngress", "SecurityGroupEgress"),
    "AWS::EC2::SecurityGroupIngress": (),
    "AWS::EC2::SecurityGroupEgress": (),
}
# Types that grant access without a policy, or that contain templates which are not read here.
_UNCHECKED_TYPES = (
    "AWS::CloudFormation::Stack",
    "AWS::CloudFormation::StackSet",
    "AWS::Cognito::IdentityPoolRoleAttachment",
    "AWS::EKS::AccessEntry",
    "AWS::IAM::AccessKey",
    "AWS::IAM::OIDCProvider",
    "AWS::IAM::SAMLProvider",
    "AWS::IAM::User",
    "AWS::IAM::UserToGroupAddition",
    "AWS::LakeFormation::PrincipalPermissions",
    "AWS::RAM::ResourceShare",
    "AWS::RolesAnywhere::TrustAnchor",
    "AWS::SSO::Assignment",
)


def broadenings(old: Template, new: Template) -> Sequence[str]:
    """Return a line for each new permission; one that an older, wider grant covers is not new.

    A policy of a resource with a new logical id counts as new: it cannot be matched with an old one.
    """
    before, after = resolve_template(old), resolve_template(new)
    checks = (_grants, _denials, _boundaries, _security_groups, _unchecked_resources, _transforms)
    return sorted({line for check in checks for line in check(before, after)})


def _grants(old: Template, new: Template) -> Iterator[str]:
    before = find_grants(old)
    for grant in find_grants(new) - before:
        if not any(old_grant.covers(grant) for old_grant in before):
            yield str(grant)


def _denials(old: Template, new: Template) -> Iterator[str]:
    for denial in find_denials(old) - find_denials(new):
        if denial.still_applies(new):
            yield str(denial)


def _boundaries(old: Template, new: Template) -> Iterator[str]:
    before, after = permissions_boundaries(old), permissions_boundaries(new)
    for id_ in new.get("Resources", {}):
        if id_ in before and before[id_] != after.get(id_):
            yield f"{id_}: its permissions boundary changes from {before[id_]} to {after.get(id_, 'none')}"


def _security_groups(old: Template, new: Template) -> Iterator[str]:
    for group, rule in _rules(new) - _rules(old):
        yield f"{group}: opens {rule}"


def _rules(template: Template) -> set[tuple[str, str]]:
    return {
        (id_, as_text(rule))
        for id_, resource in template.get("Resources", {}).items()
        if resource["Type"] in _SECURITY_GROUP_RULES
        for rule in _rules_of(resource)
    }


def _rules_of(resource: Resource) -> Iterator[object]:
    properties, inline = resource.get("Properties", {}), _SECURITY_GROUP_RULES[resource["Type"]]
    rules = [rule for name in inline for rule in as_list(properties.get(name, []))] if inline else [properties]
    for rule in rules:
        yield {key: value for key, value in rule.items() if key != "Description"} if isinstance(rule, dict) else rule


def _unchecked_resources(old: Template, new: Template) -> Iterator[str]:
    before = old.get("Resources", {})
    for id_, resource in new.get("Resources", {}).items():
        kind, previous = resource["Type"], before.get(id_)
        unchecked = kind in _UNCHECKED_TYPES or kind.endswith("::MODULE")
        if unchecked and _without_metadata(previous) != _without_metadata(resource):
            yield f"{id_}: {'changes' if previous else 'is new'}, and what {kind} allows cannot be evaluated"


def _without_metadata(resource: Resource | None) -> Mapping[str, object]:
    return {key: value for key, value in (resource or {}).items() if key != "Metadata"}


def _transforms(old: Template, new: Template) -> Iterator[str]:
    """Yield a line for a changed template with a macro, which may generate anything."""
    if new.get("Transform") and old != new:
        yield f"the template changes, and what {as_text(new['Transform'])} generates from it cannot be evaluated"
