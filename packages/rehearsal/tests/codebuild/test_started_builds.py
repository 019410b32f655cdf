"""Builds of StartBuild in the process of the embedded AWS."""

from __future__ import annotations

import threading
from pathlib import Path
from unittest.mock import Mock

import pytest

from rehearsal.emulator.codebuild import build_runner
from rehearsal.emulator.codebuild.build_runner import BuildRunner
from rehearsal.emulator.codebuild.start_build import StartedBuilds
from rehearsal.errors import RehearsalError
from rehearsal.workspace.layout import Workspace


def test_a_build_that_has_ended_is_released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded AWS releases the thread and the record of a build even if the build could not run."""

    def refuses(*_: object, **__: object) -> None:
        raise RehearsalError("no such role")

    monkeypatch.setattr(build_runner, "_failed", Mock())
    runner = BuildRunner(Mock(), Mock(side_effect=refuses), Mock(), Mock(), Workspace(tmp_path), Mock())
    builds = StartedBuilds(runner, Mock())
    started = Mock()
    started.project.about = {}
    started.build.id, started.project.queued_minutes = "project:1", 5
    started.turn.await_start.return_value = "started"
    builds._running["project:1"] = (started, threading.Thread())
    builds._run(started)
    assert builds._running == {}
    started.entry.end.assert_called_once()
    started.turn.leave.assert_called_once()
