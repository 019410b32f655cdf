"""What a template denies, and to whom or on what: a denial that goes is a right that comes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.changes.bindings import attached, bound, guarded, references
from pipeline.changes.documents import plain, readable, statements
from pipeline.changes.stacks import Template

# Policies of AWS's own that deny nothing; what other policies outside of the template say is not known.
_HARMLESS = re.compile(r"arn:[\w-]+:iam::aws:policy/(?!.*(?:Deny|Quarantine)).*")


@dataclass(frozen=True)
class Denial:
    """`over`: what it binds or guards, a reference or a name; `holder` may change as long as the rest stays."""

    over: str
    text: str
    holder: str = field(compare=False)
    ids: frozenset[str] = field(compare=False)

    def __str__(self) -> str:
        return f"{self.holder}: no longer denies {self.text} over {', '.join(sorted(self.ids)) or self.over}"

    def matters(self, template: Template) -> bool:
        """Whether anything of what it is over is still there; a name alone may be that of something elsewhere."""
        return not self.ids or bool(self.ids & set(template.get("Resources", {})))


def denied(template: Template) -> frozenset[Denial]:
    """Every statement that denies, once for each thing that it is over."""
    resources: Mapping[str, Any] = template.get("Resources", {})
    found: set[Denial] = set()
    for holder, resource in resources.items():
        texts = list(_texts(resource))
        over = [*_over(holder, resource, resources)] if texts else []
        found |= {Denial(plain(each), text, holder, frozenset(references(each))) for each in over for text in texts}
        for arn in attached(resource):
            if not (references(arn) or _HARMLESS.fullmatch(plain(arn).replace("${AWS::Partition}", "aws"))):
                found.add(Denial(plain({"Ref": holder}), f"what {plain(arn)} may deny", holder, frozenset({holder})))
    return frozenset(found)


def _texts(resource: Mapping[str, Any]) -> Iterator[str]:
    when = f" when {plain(resource['Condition'])}" if "Condition" in resource else ""
    for statement in statements(resource.get("Properties", {})):
        if not readable(statement):
            yield f"what this says: {plain(statement)}{when}"
        elif statement["Effect"] == "Deny":
            yield plain({key: value for key, value in statement.items() if key != "Sid"}) + when


def _over(holder: str, resource: Mapping[str, Any], resources: Mapping[str, Any]) -> list[Any]:
    """A policy of IAM is over those who have it; one beside its resource is over that; any other over its holder.

    A managed policy is over itself as well: others than those of this template may have it.
    """
    if resource["Type"] == "AWS::IAM::ManagedPolicy":
        having = [id_ for id_, each in resources.items() if any(holder in references(arn) for arn in attached(each))]
        return [{"Ref": holder}, *bound(resource), *({"Ref": id_} for id_ in having)]
    return bound(resource) or guarded(resource) or [{"Ref": holder}]
