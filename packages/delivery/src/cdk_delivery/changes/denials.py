"""Explicit denials of a template, to find those that a change removes: removing a Deny broadens access."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cdk_delivery.changes.policy_attachments import (
    attached_identities,
    attached_policies,
    guarded_resources,
    referenced_ids,
)
from cdk_delivery.changes.policy_documents import as_text, is_readable, statements
from cdk_delivery.cloud_assembly import Resource, Template

# AWS managed policies that deny nothing. The contents of other policies outside of the template are unknown.
_POLICIES_WITHOUT_DENY = re.compile(r"arn:[\w-]+:iam::aws:policy/(?!.*(?:Deny|Quarantine)).*")


@dataclass(frozen=True)
class Denial:
    """One denying statement for one identity or resource.

    over: that identity or resource, as a reference or a name. holder: the logical id of the resource that contains the
    statement, which equality ignores. ids: the logical ids in `over`.
    """

    over: str
    text: str
    holder: str = field(compare=False)
    ids: frozenset[str] = field(compare=False)

    def __str__(self) -> str:
        return f"{self.holder}: no longer denies {self.text} over {', '.join(sorted(self.ids)) or self.over}"

    def still_applies(self, template: Template) -> bool:
        """Whether that identity or resource still exists; one with a plain name may exist outside of the template."""
        return not self.ids or bool(self.ids & set(template.get("Resources", {})))


def find_denials(template: Template) -> frozenset[Denial]:
    """Return every statement that denies, once for each identity or resource that it applies to."""
    resources = template.get("Resources", {})
    denials: set[Denial] = set()
    for holder, resource in resources.items():
        for text in _denial_texts(resource):
            for target in _denial_targets(holder, resource, resources):
                denials.add(Denial(as_text(target), text, holder, frozenset(referenced_ids(target))))
        for arn in attached_policies(resource):
            if _may_deny(arn):
                text = f"what {as_text(arn)} may deny"
                denials.add(Denial(as_text({"Ref": holder}), text, holder, frozenset({holder})))
    return frozenset(denials)


def _may_deny(policy: object) -> bool:
    """Return whether a managed policy outside of the template may deny something."""
    arn = as_text(policy).replace("${AWS::Partition}", "aws")
    return not referenced_ids(policy) and not _POLICIES_WITHOUT_DENY.fullmatch(arn)


def _denial_texts(resource: Resource) -> Iterator[str]:
    when = f" when {as_text(resource['Condition'])}" if "Condition" in resource else ""
    for statement in statements(resource.get("Properties", {})):
        if not is_readable(statement):
            yield f"what this says: {as_text(statement)}{when}"
        elif statement["Effect"] == "Deny":
            yield as_text({key: value for key, value in statement.items() if key != "Sid"}) + when


def _denial_targets(holder: str, resource: Resource, resources: Mapping[str, Resource]) -> list[object]:
    """Return what a policy applies to: its identities, the resources that it is attached to, or the one around it.

    A managed policy applies to itself as well: identities outside of this template may have it.
    """
    if resource["Type"] == "AWS::IAM::ManagedPolicy":
        identities = [
            id_
            for id_, resource in resources.items()
            if any(holder in referenced_ids(arn) for arn in attached_policies(resource))
        ]
        return [{"Ref": holder}, *attached_identities(resource), *({"Ref": id_} for id_ in identities)]
    return attached_identities(resource) or guarded_resources(resource) or [{"Ref": holder}]
