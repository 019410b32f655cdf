"""What a rehearsal does not do, said at the end of every run; docs/fidelity.md has the whole table."""

from __future__ import annotations

from rehearsal.emulator.functions.mounts import cannot_mount

_NO_IAM = "IAM: --no-iam lets everybody do everything"
_SOME_OF_IAM = (
    "service control policies, and the policies of resources other than buckets, keys, queues, topics, functions"
)


_FUNCTIONS = "functions run on this machine's system libraries and CPU, not on Amazon Linux"


def not_emulated(*, iam: bool) -> list[str]:
    """iam: whether the run enforced policies."""
    return [
        _SOME_OF_IAM if iam else _NO_IAM,
        *_of_functions(),
        "builds run on this machine, not in the project's build image",
        "time limits of actions, triggers with filters, stage conditions and rollbacks of stages",
    ]


def _of_functions() -> list[str]:
    reason = cannot_mount()
    folders = f"functions find code and layers in other folders than /var/task and /opt, not read-only ({reason})"
    return [_FUNCTIONS, folders] if reason else [_FUNCTIONS]
