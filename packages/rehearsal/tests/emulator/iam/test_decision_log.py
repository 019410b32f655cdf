"""The log of policy decisions."""

from __future__ import annotations

from pathlib import Path

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
