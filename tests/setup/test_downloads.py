"""bin/setup tries a failed download again, unless a file has another hash than the lock names."""

from __future__ import annotations

from typing import Any

import pytest


def test_a_wrong_hash_names_its_package(script: dict[str, Any]) -> None:
    """A hash mismatch names the package, although uv prints it far above the end."""
    hashes = "\n".join(f"      sha256:{number:064}" for number in range(40))
    said = (
        f"  x Failed to download `click==8.1.8`\n  +-> Hash mismatch for `click==8.1.8`\n\n      Expected:\n{hashes}\n"
    )
    shown = script["commands"].shortened(f"{said}      Computed:\n        sha256:{'f' * 64}\n")
    assert "Hash mismatch for `click==8.1.8`" in shown
    assert shown.endswith("f" * 64)
    assert len(shown.splitlines()) < 20
    advice = script["commands"].hash_mismatch(said)
    assert advice.startswith("click==8.1.8: the file that was downloaded is not the one that the lock names")
    assert "`uv cache clean click`" in advice


def test_another_failure_has_no_advice_on_hashes(script: dict[str, Any]) -> None:
    """Another failure is shown unchanged."""
    assert script["commands"].hash_mismatch("error: no network") == ""
    assert script["commands"].shortened("one\ntwo") == "one\ntwo"


def downloads(script: dict[str, Any], monkeypatch: pytest.MonkeyPatch, *failures: str) -> list[list[str]]:
    """Return the list of attempts of a download that fails with each message, and then succeeds."""
    left, attempts, failed = list(failures), [], script["SetupError"]

    def run(command: list[str], **_: str) -> str:
        attempts.append(command)
        if left:
            raise failed(f"`{' '.join(command)}` ended with 2\n{left.pop(0)}")
        return ""

    monkeypatch.setattr(script["commands"], "run", run)
    monkeypatch.setattr(script["commands"], "PAUSES", (0, 0))
    return attempts


def test_a_download_that_fails_is_tried_again(
    script: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A failed download is repeated, and the output has its error."""
    attempts = downloads(script, monkeypatch, "error: connection reset", "error: timed out")
    script["commands"].download(["uv", "pip", "sync"])
    assert len(attempts) == 3
    assert "error: connection reset; trying again" in capsys.readouterr().err


def test_a_download_that_keeps_failing_is_reported(script: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """After three failures the last error is raised."""
    attempts = downloads(script, monkeypatch, "one", "two", "three", "four")
    with pytest.raises(script["SetupError"], match="three"):
        script["commands"].download(["uv", "pip", "sync"])
    assert len(attempts) == 3


@pytest.mark.gate
def test_a_wrong_hash_is_refused_the_first_time(script: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash mismatch is not retried, since another attempt could get another file."""
    attempts = downloads(script, monkeypatch, "  x Hash mismatch for `click==8.1.8`")
    with pytest.raises(script["SetupError"], match="Hash mismatch"):
        script["commands"].download(["uv", "pip", "sync"])
    assert len(attempts) == 1
