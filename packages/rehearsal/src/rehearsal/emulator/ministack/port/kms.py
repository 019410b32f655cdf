"""KMS keys and aliases."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from ministack.services import kms


class KeyRecord(TypedDict, total=False):
    Arn: str
    Policy: str


def key_of_alias(account: str, region: str, alias: str) -> str:
    """Return the id of the key that an alias such as `alias/name` leads to; empty if there is none."""
    arn = f"arn:aws:kms:{region}:{account}:{alias}"
    return str(kms._aliases.get_scoped(account, region, arn) or "")


def key_record(account: str, region: str, key_id: str) -> KeyRecord | None:
    """Return a copy of a key's record."""
    record = kms._keys.get_scoped(account, region, key_id)
    found: KeyRecord | None = record.copy() if record else None
    return found


def rewrite_policies(rewrite: Callable[[str], str]) -> None:
    """Change the policy of every key of all accounts."""
    for record in kms._keys.to_dict().values():
        record["Policy"] = rewrite(record.get("Policy") or "")
