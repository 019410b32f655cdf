"""KMS keys and aliases."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from ministack.services import kms


class KeyRecord(TypedDict, total=False):
    Arn: str
    Policy: str


def key_of_alias(account: str, region: str, alias: str) -> str:
    """Return the id of the key of an alias such as `alias/name`; empty where there is none."""
    arn = f"arn:aws:kms:{region}:{account}:{alias}"
    return str(kms._aliases.get_scoped(account, region, arn) or "")


def key_record(account: str, region: str, key_id: str) -> KeyRecord | None:
    """Return a copy of a key's record; None where there is none."""
    record = kms._keys.get_scoped(account, region, key_id)
    copy: KeyRecord | None = record.copy() if record else None
    return copy


def rewrite_policies(rewrite: Callable[[str], str]) -> None:
    """Apply `rewrite` to the JSON text of every key's policy, in all accounts."""
    for record in kms._keys.to_dict().values():
        record["Policy"] = rewrite(record.get("Policy") or "")
