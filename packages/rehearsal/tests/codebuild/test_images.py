"""The effects of a project's image: its shell, its tools and its runtimes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rehearsal.codebuild import images
from rehearsal.codebuild.build_log import BuildLog, read_notes

UBUNTU, AMAZON, OTHER = (
    "aws/codebuild/standard:5.0",
    "aws/codebuild/amazonlinux2-x86_64-standard:5.0",
    "public.ecr.aws/me/mine:1",
)


def noted(image: str, shell: str = "bash", **wanted: str) -> str:
    return "; ".join(images.notes(image, wanted, shell))


def test_sh_is_the_shell_of_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """/bin/sh is dash on Ubuntu, bash on Amazon Linux, and the host's in images that are not CodeBuild's."""
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert images.shell_command("/bin/sh", UBUNTU) == ("/usr/bin/dash",)
    assert images.shell_command("/bin/sh", AMAZON) == ("bash", "--posix")
    assert images.shell_command("/bin/sh", OTHER) == ("/bin/sh",)
    assert {images.shell_command("bash", image) for image in (UBUNTU, AMAZON, OTHER)} == {("bash",)}


def test_a_machine_without_dash_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without dash the host's /bin/sh runs the commands of an Ubuntu image, and the log says so."""
    assert "is dash" not in noted(UBUNTU, "/bin/sh")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert images.shell_command("/bin/sh", UBUNTU) == ("/bin/sh",)
    assert "/bin/sh of aws/codebuild/standard:5.0 is dash, which this machine has not" in noted(UBUNTU, "/bin/sh")
    assert not noted(AMAZON, "/bin/sh")


@pytest.mark.parametrize("message", ["script.sh: 1: jq: not found", "script.sh: line 1: jq: command not found"])
def test_a_command_that_only_the_image_has_is_reported_once(message: str, tmp_path: Path) -> None:
    """A tool that the image has and this machine lacks is reported once; a tool that both lack is not."""
    log = BuildLog(tmp_path / "log", lambda _: None)
    log.report_missing(images.missing_tools(UBUNTU, str(tmp_path)))
    for line in (message, message, "x.sh: 1: no-such-command: not found"):
        log.line(line)
    log.close()
    noted = "the image has jq, this machine has not: install it, or run in the image with --image"
    assert read_notes(tmp_path / "log") == [noted]
    assert not [*images.missing_tools(OTHER, str(tmp_path))]


@pytest.mark.parametrize("version", ["3.13", "3.13.1", "2.x"])
def test_a_runtime_that_the_image_lacks_is_reported(version: str) -> None:
    """CodeBuild fails for, or installs, a version that the image lacks; here it is reported."""
    assert noted(UBUNTU, python=version).startswith(f"{UBUNTU} has python 3.7, 3.8, 3.9: CodeBuild fails for {version}")


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        (UBUNTU, {"python": "3.9"}),
        (UBUNTU, {"python": "3.9.1"}),
        (UBUNTU, {"python": "3.x"}),
        (UBUNTU, {"python": "latest"}),
        (UBUNTU, {"ruby": "9"}),
        (OTHER, {"python": "3.13"}),
        ("aws/codebuild/standard:99.0", {"python": "3.13"}),
    ],
)
def test_known_versions_and_unknown_images_are_not_reported(image: str, wanted: dict[str, str]) -> None:
    """Versions that the image has, and images and runtimes that the table lacks, are not reported."""
    assert not noted(image, **wanted)


def test_notes_are_read_back_from_a_log(tmp_path: Path) -> None:
    """read_notes returns the rehearsal's notes, not similar output of a command."""
    log = BuildLog(tmp_path / "log", lambda _: None)
    log.say("Phase is DOWNLOAD_SOURCE")
    log.note("one")
    log.line("rehearsal: of a command")
    log.note("two")
    log.close()
    assert read_notes(tmp_path / "log") == ["one", "two"]
    assert read_notes(tmp_path / "none") == []
