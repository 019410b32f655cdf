"""MiniStack's fault about its saved state, shown with and without the correction."""

from __future__ import annotations

from pathlib import Path

import pytest
from ministack.core import persistence

from rehearsal.emulator.ministack.corrections import services
from rehearsal.emulator.ministack.patches import correct
from rehearsal.emulator.server import saved_state


def test_what_cannot_be_saved_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault: it goes on without a word. When the first call raises, the correction can go."""
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
