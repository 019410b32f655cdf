"""Objects expire by their bucket's lifecycle rules, when the date of the rehearsal's clock moves.

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
    """Looks at all objects after each step of the date, in a separate thread; `close` ends it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._done: tuple[tuple[float, float], ...] = ()
        self._ended = Cancellation()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._ended.set()

    def expire(self) -> None:
        """Delete what is older than its rule allows: an object, in a versioned bucket also its version."""
        for account, bucket, rules in s3.lifecycle_rules():
            for stored in s3.stored_versions(account, bucket):
                age = self._clock.age(datetime.fromisoformat(stored.modified).timestamp())
                for rule in _matching(rules, stored.key):
                    self._apply(rule, account, bucket, stored, age)

    def _run(self) -> None:
        for _ in self._clock.changes.moments(self._ended):
            jumps = self._clock.setting.jumps
            if jumps != self._done:
                self._done = jumps
                self.expire()

    def _apply(self, rule: s3.LifecycleRule, account: str, bucket: str, stored: s3.StoredVersion, age: float) -> None:
        days = (rule.get("Expiration") or {}).get("Days")
        if days is None or age < days * DAY:
            return
        if stored.is_current:
            s3.delete_object(account, bucket, stored.key)
        later = (rule.get("NoncurrentVersionExpiration") or {}).get("NoncurrentDays")
        if stored.version and later is not None and age >= (days + later) * DAY:
            s3.delete_object(account, bucket, stored.key, stored.version)


def _matching(rules: Iterable[s3.LifecycleRule], key: str) -> list[s3.LifecycleRule]:
    """Return the enabled rules for a key; a rule that filters by tags or sizes is not applied."""
    enabled = [rule for rule in rules if rule.get("Status") == "Enabled"]
    filters = [(rule, rule.get("Filter") or {}) for rule in enabled]
    return [
        rule
        for rule, wanted in filters
        if wanted.keys() <= {"Prefix"} and key.startswith(wanted.get("Prefix") or rule.get("Prefix") or "")
    ]
