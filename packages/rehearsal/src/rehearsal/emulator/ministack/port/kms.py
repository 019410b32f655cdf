"""KMS keys and aliases."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from ministack.services import kms


class KeyRecord(TypedDict, total=False):
    Arn: str
    Policy: str


def find_key(account: str, region: str, key: str) -> KeyRecord | None:
    """Return a copy of a key's record; None where there is none. key: its id, its alias, or the ARN of either.

    account, region: where the key is, unless `key` is an ARN.
    """
    if key.count(":") == 5:
        _, _, _, region, account, key = key.split(":")
    if key.startswith("alias/"):
        key = str(kms._aliases.get_scoped(account, region, f"arn:aws:kms:{region}:{account}:{key}") or "")
    record = kms._keys.get_scoped(account, region, key.removeprefix("key/"))
    copy: KeyRecord | None = record.copy() if record else None
    return copy


def rewrite_policies(rewrite: Callable[[str], str]) -> None:
    """Apply `rewrite` to the JSON text of every key's policy, in all accounts."""
    for record in kms._keys.to_dict().values():
        record["Policy"] = rewrite(record.get("Policy") or "")
