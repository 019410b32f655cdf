"""`run --image`: builds in an image, the report at the end, and the cleanup after a kill."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.commands.image_option import set_build_image
from rehearsal.emulator.server import launcher
from rehearsal.errors import WrongUse
from rehearsal.host.container import LABEL
from rehearsal.project.configuration import CodeBuild, Config
from rehearsal.views.execution_view import ExecutionView
from rehearsal.workspace.build_image import BuildImageFile
from rehearsal.workspace.layout import Workspace
from tests import debian_image
from tests.commands.conftest import Tiny, tiny_project, until
from tests.commands.test_kills import Command

ON_THIS_MACHINE = "builds ran on this machine, not in the project's build image"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tiny]:
    """A tiny project with an embedded AWS that a test may kill."""
    with tiny_project(tmp_path) as tiny:
        monkeypatch.chdir(tmp_path)
        yield tiny


def containers() -> list[str]:
    """Return the containers of the tiny pipeline's builds."""
    labelled = debian_image.ENGINE.call("ps", "--all", f"--filter=label={LABEL}", "--format={{.Labels}}").stdout
    return [line for line in labelled.splitlines() if "Compile:" in line]


def test_a_run_has_its_builds_in_the_image(own: Tiny, image: str) -> None:
    """Builds pass artifacts, and the end of the run names the image; the next run without `--image` uses none."""
    (own.root / "Compile.sh").write_text("echo $IN_IMAGE > made-in-image\n")
    (own.root / "Send.sh").write_text("cat made-in-image\n")
    code, printed = own.call("run", "--approve", "--image", image)
    assert code == 0, printed
    assert f"runs in the image {image} of {debian_image.ENGINE.program}, with this machine's network" in " ".join(
        printed.split()
    )
    assert ON_THIS_MACHINE not in printed
    assert "yes" in own.call("logs", "Ship/Send")[1]
    code, printed = own.call("run", "--approve", "--until", "Build")
    assert code == 0, printed
    assert ON_THIS_MACHINE in printed


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_killed_leaves_no_container(own: Tiny, image: str, number: signal.Signals) -> None:
    """The container of the running build is removed within 5 seconds."""
    launcher.down(own.space)
    (own.root / "Compile.sh").write_text("sleep 600\n")
    run = Command(own, "run", "--image", image)
    until(lambda: len(containers()) == 1)
    run.process.send_signal(number)
    deadline = time.monotonic() + 5
    while containers():
        assert time.monotonic() < deadline, containers()
        time.sleep(0.1)
    until(lambda: own.space.server() is None)
    run.kill()


def test_a_missing_image_ends_the_command_before_anything_starts(own: Tiny, image: str) -> None:
    """The command exits with 2, and the error names the image."""
    del image  # needs the engine only
    before = own.space.newest_first()
    code, printed = own.call("run", "--image", "localhost/no-such-image:1")
    assert code == 2
    assert "image: got localhost/no-such-image:1, which is not on this machine" in " ".join(printed.split())
    assert own.space.newest_first() == before


def test_rehearsal_toml_names_the_image_too(tmp_path: Path, image: str) -> None:
    """`--image` overrides the image in rehearsal.toml; without both, builds use the host's tools."""
    space = Workspace(tmp_path)
    space.make()
    config = Config(codebuild=CodeBuild(image="project"))
    for option, settings, wanted in ((None, config, "project"), (image, config, image), (None, Config(), "")):
        set_build_image(space, settings, option)
        assert BuildImageFile(space).read() == wanted


def test_an_image_without_an_engine_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the image, and says to install Docker or podman."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WrongUse, match="needs Docker's engine or podman, and this machine has neither: install one"):
        set_build_image(Workspace(tmp_path), Config(codebuild=CodeBuild(image="mine:1")), None)


@pytest.fixture
def in_image(tiny: Tiny, image: str) -> Iterator[str]:
    """An image, in which the tiny pipeline's builds run."""
    setting = BuildImageFile(tiny.space)
    setting.write(image)
    yield image
    setting.write("")


def test_a_shell_is_in_the_image_of_the_build(
    tiny: Tiny, good: ExecutionView, in_image: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """The shell has the image's variables, root, the source at CodeBuild's path, and the project's variables."""
    look = 'echo "$IN_IMAGE $(id -u) $HOME $COLOUR"; cd "$CODEBUILD_SRC_DIR" && cat cdk.json; touch made; exit 3'
    code, printed = tiny.call("shell", "Ship/Send", "--execution", good.id, "--command", look)
    seen = capfd.readouterr().out
    assert (code, seen.splitlines()[0]) == (1, "yes 0 /root green")
    assert '"app"' in seen
    assert f"of the image {in_image}" in " ".join(printed.split())
    assert not [*tiny.signals.glob("shell-*")]
    assert containers() == []


def test_a_shell_in_an_image_that_is_missing_is_wrong_use(tiny: Tiny, good: ExecutionView, in_image: str) -> None:
    """`shell` exits with 2 and names the image."""
    BuildImageFile(tiny.space).write("localhost/no-such-image:1")
    code, printed = tiny.call("shell", "Lint", "--execution", good.id, "--command", "true")
    assert code == 2
    assert "image: got localhost/no-such-image:1, which is not on this machine" in " ".join(printed.split())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_shell_that_is_killed_leaves_no_container(
    tiny: Tiny, good: ExecutionView, in_image: str, number: signal.Signals
) -> None:
    """The container of a killed shell is removed within 10 seconds, though its command still runs."""
    shell = Command(tiny, "shell", "Compile", "--execution", good.id, "--command", "sleep 600")
    until(lambda: len(containers()) == 1)
    shell.process.send_signal(number)
    deadline = time.monotonic() + 10
    while containers():
        assert time.monotonic() < deadline, containers()
        time.sleep(0.1)
    shell.kill()
    for folder in tiny.signals.glob("shell-*"):
        shutil.rmtree(folder)
