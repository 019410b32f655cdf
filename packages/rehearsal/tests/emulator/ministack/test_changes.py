"""A MiniStack version for which no patch was written is reported, and still works."""

from __future__ import annotations

import logging
import os
import time
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from rehearsal.aws import root
from rehearsal.emulator.ministack import patch, patches
from rehearsal.emulator.ministack.corrections import services
from rehearsal.emulator.server import launcher
from rehearsal.host import helper_process
from rehearsal.workspace.layout import Workspace
from tests.root import PACKAGE

CHANGED = "MiniStack changed what we patch: ministack.core.persistence:save_state (fault: A service whose state"


def test_the_patches_are_for_the_required_version() -> None:
    """The package requires exactly the version of MiniStack whose functions the patches replace."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    assert f"ministack=={patch.VERSION}" in project["dependencies"]


def test_nothing_is_reported_for_the_installed_version(caplog: pytest.LogCaptureFixture) -> None:
    """The recorded digests are those of the functions that are patched."""
    patches.report_changes(patches.originals(patches.CORRECTIONS))
    assert caplog.text == ""


def test_a_changed_function_is_reported_with_its_fault(caplog: pytest.LogCaptureFixture) -> None:
    """A patched function with another digest, or without source, is reported with its fault."""
    correction = services.UNSAVED_STATE
    (known,) = correction.patches
    changed = replace(known, source="sha256:0123456789abcdef")
    patches.report_changes([(correction, changed, patches.correct), (correction, known, len)])
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert all(record.getMessage().startswith(CHANGED) for record in caplog.records)


def test_the_log_of_the_embedded_aws_has_the_report(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With another version the embedded AWS starts and answers although digests differ, and its log has the report."""
    planted, space = tmp_path_factory.mktemp("planted"), Workspace(tmp_path_factory.mktemp("changed"))
    plant = (
        "from rehearsal.emulator.ministack import patch\npatch.VERSION, patch.digest = '1.0', lambda text: 'planted'\n"
    )
    (planted / "sitecustomize.py").write_text(plant)
    monkeypatch.setattr(helper_process, "PACKAGES", f"{planted}{os.pathsep}{helper_process.PACKAGES}")
    with launcher.join_or_start(space, iam=True) as endpoint:
        assert endpoint.client("s3", root("111111111111"), "eu-west-1").list_buckets()["Buckets"] == []
        until(space.logs / "emulator.log", CHANGED)


def until(log: Path, text: str) -> None:
    """Wait for a text in a log."""
    deadline = time.monotonic() + 20
    while text not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)
