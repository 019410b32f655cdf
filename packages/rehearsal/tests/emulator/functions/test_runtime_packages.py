"""The SDK of runtimes with older Python versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.emulator.functions import runtime_packages
from rehearsal.host import interpreters

OWN = ".".join(interpreters.running_interpreter()[0].split(".")[:2])


def test_the_rehearsals_own_sdk_is_taken_where_it_runs(tmp_path: Path) -> None:
    """A Python version that the rehearsal's SDK supports uses it, and installs nothing."""
    found = runtime_packages.runtime_packages(OWN, Path("none"), tmp_path)
    assert {"boto3", "botocore", "s3transfer", "awslambdaric"} <= found.keys()
    assert [*tmp_path.iterdir()] == []


def test_an_older_python_gets_an_sdk_that_supports_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older Python gets a compatible SDK, which is installed once and without scripts."""
    asked: list[Path] = []

    def install(folder: Path, interpreter: Path) -> bool:
        asked.append(interpreter)
        for name in ("boto3", "urllib3", "bin"):
            (folder / name).mkdir(parents=True)
        return True

    monkeypatch.setattr(runtime_packages, "_install", install)
    for _ in range(2):
        found = runtime_packages.runtime_packages("3.2", Path("python3.2"), tmp_path)
        assert found["boto3"] == tmp_path / "python3.2" / "boto3"
        assert "awslambdaric" in found
        assert "bin" not in found
    assert asked == [Path("python3.2")]


def test_without_a_registry_the_runtime_has_no_sdk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Without a registry the runtime has no SDK; the log says why, and other functions still run."""
    broken = tmp_path / "python"
    broken.write_text('#!/bin/sh\n[ "$1" = -c ] && echo 3.2.1\n')
    broken.chmod(0o755)
    found = runtime_packages.runtime_packages("3.2", broken, tmp_path / "store")
    assert "boto3" not in found
    assert "awslambdaric" in found
    assert "no boto3 for python3.2" in caplog.text
    assert [*(tmp_path / "store").iterdir()] == []
