"""Bundling of assets without Docker: known images are emulated, unknown images are refused."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rehearsal.bundling.docker_program import bundling_variables, read_notes
from rehearsal.host import container_engine, interpreters

VERSION = ".".join(interpreters.running_interpreter()[0].split(".")[:2])
PYTHON = f"public.ecr.aws/sam/build-python{VERSION}"
CDKS_DOCKERFILE = """\
ARG IMAGE=public.ecr.aws/sam/build-python3.7
FROM $IMAGE
ARG POETRY_VERSION=1.5.1
RUN pip install pipenv==2022.4.8 poetry==$POETRY_VERSION && rm -rf /tmp/x
"""


class Docker:
    """The program that CDK calls in place of Docker, and an asset to bundle."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.source, self.output = folder, folder / "source", folder / "output"
        self.source.mkdir()
        self.output.mkdir()
        (self.source / "handler.py").write_text("answer = 42\n")
        node = Path(shutil.which("node") or "").parent
        self.program = bundling_variables(folder / "build", node)["CDK_DOCKER"]

    def __call__(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **variables}
        return subprocess.run([self.program, *words], check=False, capture_output=True, text=True, env=environment)

    def bundle(self, image: str, command: str, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Call the program as CDK does for BundlingOptions with `bash -c`."""
        volumes = ["-v", f"{self.source}:/asset-input:delegated", "-v", f"{self.output}:/asset-output:delegated"]
        words = ["run", "--rm", "-u", "0:0", *volumes, *options, "-w", "/asset-input", image, "bash", "-c", command]
        return self(*words, **variables)


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    """The program on a machine without a Docker engine and podman."""
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, **_: None if name == "podman" else which(name))
    monkeypatch.setattr(container_engine, "_SOCKET", tmp_path / "docker.sock")
    for name in ("CDK_DOCKER", "DOCKER_HOST"):
        monkeypatch.delenv(name, raising=False)
    return Docker(tmp_path)


def test_a_known_image_bundles_with_its_python(docker: Docker) -> None:
    """The command finds Python, pip and its asset in /asset-input, and writes to /asset-output."""
    done = docker.bundle(PYTHON, "python --version > /asset-output/version && pip --version && cp -r . /asset-output")
    assert done.returncode == 0, done.stderr
    assert (docker.output / "version").read_text().startswith(f"Python {VERSION}.")
    assert (docker.output / "handler.py").read_text() == "answer = 42\n"


def test_a_container_cannot_change_this_machine(docker: Docker) -> None:
    """A bundling command cannot write outside of its volumes and /tmp."""
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)  # HOME may be below /tmp
    done = docker.bundle(PYTHON, f"touch /usr/local/bundled; touch {home}/bundled; ls / > /asset-output/top")
    assert "Read-only file system" in done.stderr
    assert not Path("/usr/local/bundled").exists()
    assert not (home / "bundled").exists()
    assert {"asset-input", "asset-output"} <= {*(docker.output / "top").read_text().split()}
    assert not Path("/asset-input").exists()


def test_a_container_has_none_of_the_builds_variables(docker: Docker) -> None:
    """A bundling command sees only the variables of its options, not the build's variables."""
    done = docker.bundle(PYTHON, 'echo "[$AWS_ACCESS_KEY_ID$TOKEN] $MODE"', "--env", "MODE=fast", TOKEN="of-the-build")
    assert done.stdout == "[] fast\n"


def test_a_missing_python_is_replaced_and_reported(docker: Docker) -> None:
    """pip selects wheels for the image's Python version, and the end of the build reports which Python ran."""
    done = docker.bundle("public.ecr.aws/sam/build-python3.2", 'echo "$PIP_PYTHON_VERSION $PIP_ONLY_BINARY"')
    assert done.stdout == "3.2 :all:\n"
    (note,) = read_notes(docker.folder / "build")
    assert note.startswith("public.ecr.aws/sam/build-python3.2: Python 3.")


def test_an_image_of_another_architecture_gets_its_wheels(docker: Docker) -> None:
    """Bundling for another architecture makes pip select that architecture's wheels."""
    foreign = "linux/arm64" if os.uname().machine == "x86_64" else "linux/amd64"
    done = docker.bundle(PYTHON, 'echo "$PIP_PLATFORM"', "--platform", foreign)
    assert done.stdout.startswith("manylinux_2_17_")
    assert os.uname().machine not in done.stdout


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["run", "--rm", "rust:1", "cargo"], "the image rust:1 is not known"),
        (["run", "--rm", PYTHON], "without a command the image's own runs"),
        (["run", "--rm", "--gpus", "all", PYTHON, "true"], "the option --gpus is known to Docker only"),
        (["volume", "create", "x"], "only `run` and `build` of bundling work"),
        (["push", "x"], "install Docker or podman"),
    ],
)
def test_unsupported_docker_commands_are_refused(docker: Docker, words: list[str], reason: str) -> None:
    """The error names the unsupported image, option or command, and says to install Docker or podman."""
    done = docker(*words)
    assert done.returncode == 125
    assert reason in done.stderr
    assert "install Docker or podman, and it is used" in done.stderr


def test_cdks_own_dockerfiles_are_known(docker: Docker, tmp_path: Path) -> None:
    """CDK's Dockerfiles for its constructs are recognized, and the image is found by its tag."""
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text(CDKS_DOCKERFILE)
    assert docker("image", "inspect", "cdk-1").returncode == 1
    done = docker("build", "-t", "cdk-1", "--build-arg", f"IMAGE={PYTHON}", str(context))
    assert done.returncode == 0, done.stderr
    assert docker("image", "inspect", "cdk-1").returncode == 0
    (record,) = (docker.folder / "build" / "bundling" / "images").iterdir()
    assert json.loads(record.read_text()) == {"base": PYTHON, "tools": ["pipenv==2022.4.8", "poetry==1.5.1"]}
    assert docker.bundle("cdk-1", "rsync -rLv /asset-input/ /asset-output").returncode == 0
    assert (docker.output / "handler.py").exists()


def test_a_dockerfile_of_the_project_is_refused(docker: Docker, tmp_path: Path) -> None:
    """A Dockerfile that is not one of CDK's is refused, because its commands cannot be emulated."""
    (tmp_path / "Dockerfile").write_text("FROM public.ecr.aws/sam/build-python3.13\nRUN yum install -y gcc\n")
    done = docker("build", "-t", "mine", str(tmp_path))
    assert done.returncode == 125
    assert "is not one of CDK's own Dockerfiles" in done.stderr


def test_an_unprivileged_build_has_no_docker_as_on_aws(tmp_path: Path) -> None:
    """Bundling without privileged mode fails with CodeBuild's message, even if the machine has Docker."""
    program = bundling_variables(tmp_path, tmp_path, privileged=False)["CDK_DOCKER"]
    done = subprocess.run([program, "run"], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Cannot connect to the Docker daemon" in done.stderr
    assert "privileged" in done.stderr


def test_docker_and_podman_are_used_where_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """CDK calls Docker or podman if one of them is available."""
    monkeypatch.delenv("CDK_DOCKER", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name, **_: f"/usr/bin/{name}")
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    variables = bundling_variables(tmp_path, tmp_path)
    assert variables["DOCKER_HOST"] == "tcp://127.0.0.1:1"
    assert 'exec /usr/bin/docker "$@"' in Path(variables["CDK_DOCKER"]).read_text()
    monkeypatch.delenv("DOCKER_HOST")
    monkeypatch.setattr(container_engine, "_SOCKET", tmp_path / "docker.sock")
    assert 'exec /usr/bin/podman "$@"' in Path(bundling_variables(tmp_path, tmp_path)["CDK_DOCKER"]).read_text()


def test_the_program_needs_no_environment_of_the_project(docker: Docker) -> None:
    """The program does not use the project's virtual environment, which a build cannot see."""
    script = Path(docker.program).read_text()
    assert str(Path(sys.executable).resolve()) in script
    assert sys.prefix == sys.base_prefix or sys.prefix not in script.partition(" -c ")[0]
