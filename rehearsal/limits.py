"""What a rehearsal does not do, said at the end of every run; docs/fidelity.md has the whole table."""

from __future__ import annotations

_NO_IAM = "IAM: --no-iam lets everybody do everything"
_SOME_OF_IAM = (
    "service control policies, and the policies of resources other than buckets, keys, queues, topics, functions"
)


def not_emulated(*, iam: bool) -> list[str]:
    """iam: whether the run enforced policies."""
    return [
        _SOME_OF_IAM if iam else _NO_IAM,
        "functions run on the rehearsal's own Python, which can import packages that no layer holds",
        "builds run on this machine, not in the project's build image",
        "time limits of actions, triggers with filters, stage conditions and rollbacks of stages",
    ]
