"""Images and engines in which a build cannot run: the errors name the image and what to do."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from pathlib import Path

import pytest

from rehearsal.codebuild import build_image
from rehearsal.codebuild.build_image import find_image, require_engine
from rehearsal.codebuild.buildspec import UnsupportedFeature
from rehearsal.host.container_engine import ContainerEngine, ContainerFailed
from tests import debian_image
from tests.codebuild.case import run, run_in, spec


def test_privileged_mode_in_an_image_needs_docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """podman is refused for privileged mode; the error says that Docker is needed."""
    monkeypatch.setattr(build_image, "find_engine", lambda: ContainerEngine("podman"))
    with pytest.raises(UnsupportedFeature, match=r"privileged mode: the project tiny has it, .* needs Docker"):
        run(spec("true"), {"image": "mine:1", "privileged": True}, tmp_path)


def test_a_missing_engine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the image, and says to install Docker or podman."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(UnsupportedFeature, match=r"image: got mine:1, .*Docker's engine or podman.*: install one, or"):
        require_engine("mine:1")


def test_a_missing_image_is_named(image: str) -> None:
    """The error says which image was pulled, from the public registry for CodeBuild's images, and how to build it."""
    del image  # needs the engine only
    messages: list[str] = []
    with pytest.raises(UnsupportedFeature) as caught:
        find_image(debian_image.ENGINE, "aws/codebuild/no-such-image:1", messages.append)
    assert messages == ["downloading the image public.ecr.aws/codebuild/no-such-image:1"]
    said = str(caught.value)
    assert "got aws/codebuild/no-such-image:1" in said
    assert "pull public.ecr.aws/codebuild/no-such-image:1` failed" in said
    assert "build --tag aws/codebuild/no-such-image:1 FOLDER" in said


def test_an_image_without_a_shell_is_named(tmp_path: Path, image: str) -> None:
    """The build fails with the engine's error message, without a traceback."""
    del image
    archive = tmp_path / "empty.tar"
    tarfile.open(archive, "w").close()
    name = "localhost/rehearsal-tests-empty:1"
    assert debian_image.ENGINE.call("import", str(archive), name).returncode == 0
    try:
        with pytest.raises(ContainerFailed, match=f"ended the container of {name}: .*sh"):
            run_in(name, tmp_path, "true")
    finally:
        debian_image.ENGINE.call("rmi", name)


def test_an_image_for_another_processor_is_named(tmp_path: Path, image: str) -> None:
    """The error says which processor this machine has, and which option takes another image."""
    del image
    archive = tmp_path / "foreign.tar"
    with tarfile.open(archive, "w") as file:
        program = tarfile.TarInfo("bin/sh")
        program.size, program.mode = 64, 0o755
        file.addfile(program, io.BytesIO(b"\x7fELF" + bytes(60)))
    name = "localhost/rehearsal-tests-foreign:1"
    assert debian_image.ENGINE.call("import", str(archive), name).returncode == 0
    try:
        said = f"image is for another processor than this machine's, {os.uname().machine}: name one for it with --image"
        with pytest.raises(ContainerFailed, match=said):
            run_in(name, tmp_path, "true")
    finally:
        debian_image.ENGINE.call("rmi", name)
