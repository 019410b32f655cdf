"""Accept a rule's finding next to its resource."""

from aws_cdk import Acknowledgment, CfnElement, Stack, Validations
from constructs import IConstruct

# Prefix of the rules of a pack -> the name of the pack in the report; an acknowledgement has to have both.
_PACKS = {
    "AwsSolutions-": "AwsSolutions",
    "Serverless-": "Serverless",
    "NIST.800.53.R5-": "NIST.800.53.R5",
    "W": "CloudFormation-Validate",
}


def accept(construct: IConstruct, *rules: str, because: str, see: str) -> None:
    """Accept the findings of `rules` on `construct` and the constructs below it.

    rules: rule ids as the report shows them, one finding each: `AwsSolutions-L1`, `AwsSolutions-IAM5[Resource::*]`.
    because: why the finding is not a risk here; see: where a reader can check that.
    Raises ValueError for a rule of an unknown pack, a wildcard, or an empty reason: cdk-nag ignores all three silently.
    """
    if not because.strip() or not see.strip():
        raise ValueError(f"{construct.node.path}: {', '.join(rules)} accepted without a reason and where to check it")
    reason = f"{because} (see: {see})"
    for rule in rules:
        Validations.of(construct).acknowledge(Acknowledgment(id=_acknowledgement_id(construct, rule), reason=reason))


def _acknowledgement_id(construct: IConstruct, rule: str) -> str:
    for prefix, pack in _PACKS.items():
        if rule.startswith(prefix):
            if rule.endswith("[*]") or rule == f"{prefix}IAM5":
                raise ValueError(
                    f"{construct.node.path}: {rule} would match nothing; name the one finding, as the report does"
                )
            return f"{pack}::{rule}"
    raise ValueError(f"{construct.node.path}: {rule} is of no known pack; rules begin with {', '.join(_PACKS)}")


def logical_id(construct: IConstruct) -> str:
    """Return the logical id of a construct's main resource, which findings name. Raises TypeError without one."""
    resource = construct.node.default_child
    if not isinstance(resource, CfnElement):
        raise TypeError(f"{construct.node.path} has no main resource")
    return str(Stack.of(construct).resolve(resource.logical_id))
