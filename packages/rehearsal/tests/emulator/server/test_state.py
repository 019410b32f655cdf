"""MiniStack's fault in its saved state, with and without the correction."""

from __future__ import annotations

from pathlib import Path

import pytest
from ministack.core import persistence

from rehearsal.emulator.ministack.corrections import services
from rehearsal.emulator.ministack.patches import correct
from rehearsal.emulator.server import saved_state


def test_a_failed_save_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault: a failed save is ignored. Corrected, the service is recorded as unsaved."""
    (tmp_path / "state").write_text("a file where a folder has to be")
    monkeypatch.setattr(persistence, "PERSIST_STATE", True)
    monkeypatch.setattr(persistence, "STATE_DIR", str(tmp_path / "state" / "below"))
    monkeypatch.setattr(saved_state, "UNSAVED", [])
    monkeypatch.setattr(persistence, "save_state", persistence.save_state)
    persistence.save_state("s3", {})
    assert saved_state.UNSAVED == []
    correct(services.UNSAVED_STATE)
    monkeypatch.setattr(persistence, "STATE_DIR", str(tmp_path))
    persistence.save_state("sqs", {})
    assert saved_state.UNSAVED == []
    persistence.save_state("s3", {"what is no JSON": object()})
    assert saved_state.UNSAVED == ["s3"]
