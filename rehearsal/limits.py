"""What a rehearsal does not do, said at the end of every run; docs/fidelity.md has the whole table."""

from __future__ import annotations


def not_emulated() -> list[str]:
    return [
        "IAM policies, key policies and bucket policies are stored but not enforced",
        "functions run on the rehearsal's own Python, which can import packages that no layer holds",
        "builds run on this machine, not in the project's build image",
        "time limits of actions, triggers with filters, stage conditions and rollbacks of stages",
    ]
