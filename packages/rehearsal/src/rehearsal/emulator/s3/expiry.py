"""Expiration of objects by their bucket's lifecycle rules, when the rehearsal's clock is set forward.

Source: Amazon S3 user guide, "Expiring objects" and "Lifecycle configuration elements".
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime

from rehearsal.emulator.ministack.port import s3
from rehearsal.host.cancellation import Cancellation
from rehearsal.workspace.clock import Clock

DAY = 86400.0


class ObjectExpiry:
    """Deletes expired objects after each change of the clock's date, in a separate thread; `close` ends it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._applied_jumps: tuple[tuple[float, float], ...] = ()
        self._ended = Cancellation()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._ended.set()

    def expire(self) -> None:
        """Delete objects that are older than a rule allows, in a versioned bucket also noncurrent versions."""
        for account, bucket, rules in s3.lifecycle_rules():
            for stored in s3.stored_versions(account, bucket):
                age = self._clock.age(datetime.fromisoformat(stored.modified).timestamp())
                for rule in _matching(rules, stored.key):
                    self._apply(rule, account, bucket, stored, age)

    def _run(self) -> None:
        for _ in self._clock.changes.moments(self._ended):
            jumps = self._clock.setting.jumps
            if jumps != self._applied_jumps:
                self._applied_jumps = jumps
                self.expire()

    def _apply(self, rule: s3.LifecycleRule, account: str, bucket: str, stored: s3.StoredVersion, age: float) -> None:
        days = (rule.get("Expiration") or {}).get("Days")
        if days is None or age < days * DAY:
            return
        if stored.is_current:
            s3.delete_object(account, bucket, stored.key)
        noncurrent_days = (rule.get("NoncurrentVersionExpiration") or {}).get("NoncurrentDays")
        if stored.version and noncurrent_days is not None and age >= (days + noncurrent_days) * DAY:
            s3.delete_object(account, bucket, stored.key, stored.version)


def _matching(rules: Iterable[s3.LifecycleRule], key: str) -> list[s3.LifecycleRule]:
    """Return the enabled rules for a key, without rules that filter by tags or sizes."""
    enabled = [rule for rule in rules if rule.get("Status") == "Enabled"]
    filters = [(rule, rule.get("Filter") or {}) for rule in enabled]
    return [
        rule
        for rule, filter_ in filters
        if filter_.keys() <= {"Prefix"} and key.startswith(filter_.get("Prefix") or rule.get("Prefix") or "")
    ]
