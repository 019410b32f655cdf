"""The log of policy decisions."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rehearsal.emulator.iam import decision_log
from rehearsal.emulator.iam.decision_log import REMEMBERED, Decision, Decisions, read


def test_a_decision_is_written_once_and_memory_is_bounded(tmp_path: Path) -> None:
    """A repeated decision is logged once, and the log remembers a bounded number of decisions."""
    log = Decisions()
    log.append_to(tmp_path / "decisions.jsonl")
    for number in range(REMEMBERED + 50):
        for _ in range(2):
            log.add(Decision("role", "s3:GetObject", f"object-{number}", allowed=True))
    assert len(list(read(tmp_path / "decisions.jsonl"))) == REMEMBERED + 50
    assert len(log._seen) == REMEMBERED


def test_threads_can_log_decisions_concurrently(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that add decisions beyond the bound at the same time raise no error."""
    monkeypatch.setattr(decision_log, "REMEMBERED", 1)
    log, interval = Decisions(), sys.getswitchinterval()

    def add(thread: int) -> None:
        for number in range(5000):
            log.add(Decision("role", "s3:GetObject", f"object-{thread}-{number}", allowed=True))

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(add, range(4)))
    finally:
        sys.setswitchinterval(interval)
    assert len(log._seen) == 1
