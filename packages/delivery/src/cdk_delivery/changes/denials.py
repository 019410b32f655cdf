"""Find explicit denials that a change removes: removing a Deny broadens access."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cdk_delivery.changes.policy_attachments import (
    attached_identities,
    attached_policies,
    guarded_resources,
    referenced_ids,
)
from cdk_delivery.changes.policy_documents import as_text, is_readable, statements
from cdk_delivery.changes.stacks import Template

# Policies of AWS's own that deny nothing; what other policies outside of the template say is not known.
_POLICIES_WITHOUT_DENY = re.compile(r"arn:[\w-]+:iam::aws:policy/(?!.*(?:Deny|Quarantine)).*")


@dataclass(frozen=True)
class Denial:
    """`over`: what it binds or guards, a reference or a name; `holder` may change as long as the rest stays."""

    over: str
    text: str
    holder: str = field(compare=False)
    ids: frozenset[str] = field(compare=False)

    def __str__(self) -> str:
        return f"{self.holder}: no longer denies {self.text} over {', '.join(sorted(self.ids)) or self.over}"

    def still_applies(self, template: Template) -> bool:
        """Whether any of its subjects still exists; a plain name may be that of a resource elsewhere."""
        return not self.ids or bool(self.ids & set(template.get("Resources", {})))


def find_denials(template: Template) -> frozenset[Denial]:
    """Every statement that denies, once for each thing that it is over."""
    resources: Mapping[str, Any] = template.get("Resources", {})
    found: set[Denial] = set()
    for holder, resource in resources.items():
        texts = list(_denial_texts(resource))
        over = [*_denial_targets(holder, resource, resources)] if texts else []
        found |= {
            Denial(as_text(each), text, holder, frozenset(referenced_ids(each))) for each in over for text in texts
        }
        for arn in attached_policies(resource):
            if not (
                referenced_ids(arn)
                or _POLICIES_WITHOUT_DENY.fullmatch(as_text(arn).replace("${AWS::Partition}", "aws"))
            ):
                found.add(
                    Denial(as_text({"Ref": holder}), f"what {as_text(arn)} may deny", holder, frozenset({holder}))
                )
    return frozenset(found)


def _denial_texts(resource: Mapping[str, Any]) -> Iterator[str]:
    when = f" when {as_text(resource['Condition'])}" if "Condition" in resource else ""
    for statement in statements(resource.get("Properties", {})):
        if not is_readable(statement):
            yield f"what this says: {as_text(statement)}{when}"
        elif statement["Effect"] == "Deny":
            yield as_text({key: value for key, value in statement.items() if key != "Sid"}) + when


def _denial_targets(holder: str, resource: Mapping[str, Any], resources: Mapping[str, Any]) -> list[Any]:
    """Return the subjects of a policy: its holders in IAM, the resource that it is attached to, or its own resource.

    A managed policy is over itself as well: others than those of this template may have it.
    """
    if resource["Type"] == "AWS::IAM::ManagedPolicy":
        having = [
            id_
            for id_, each in resources.items()
            if any(holder in referenced_ids(arn) for arn in attached_policies(each))
        ]
        return [{"Ref": holder}, *attached_identities(resource), *({"Ref": id_} for id_ in having)]
    return attached_identities(resource) or guarded_resources(resource) or [{"Ref": holder}]
