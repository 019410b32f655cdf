"""CDK's bundling in builds: by Docker or podman if available, emulated otherwise; refused without privileged mode."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rehearsal.bundling.docker_program import bundling_variables
from rehearsal.host import container_engine, interpreters
from tests import debian_image
from tests.codebuild.case import run, spec
from tests.codebuild.conftest import Account
from tests.codebuild.test_start_build import built, lines, project

MINOR = ".".join(interpreters.running_interpreter()[0].split(".")[:2])
BUNDLE = (
    'mkdir asset output && echo "answer = 42" > asset/handler.py &&'
    ' "$CDK_DOCKER" run --rm -v "$PWD/asset:/asset-input:delegated" -v "$PWD/output:/asset-output:delegated"'
    ' -w /asset-input {image} bash -c "cp -r . /asset-output" && cat output/handler.py'
)


@pytest.fixture
def without_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No container engine for the builds of this process, whatever this machine has."""
    monkeypatch.setattr(container_engine, "find_engine", lambda: None)


def test_an_engine_bundles_where_there_is_one(account: Account) -> None:
    """A container engine can mount the build's folders, although the build cannot see the project."""
    command = BUNDLE.replace("run --rm", "run --rm --network=host -u 0:0").format(image=debian_image.image())
    build = built(account, project(account, spec(command), Environment={"PrivilegedMode": True}))
    assert build["buildStatus"] == "SUCCEEDED", "\n".join(lines(account, build))
    assert "answer = 42" in lines(account, build)


@pytest.mark.usefixtures("without_engine")
def test_a_privileged_build_bundles(account: Account, tmp_path: Path) -> None:
    """Without an engine, the bundling command runs in the build's sandbox."""
    program = bundling_variables(tmp_path, Path(shutil.which("node") or "").parent)["CDK_DOCKER"]
    command = BUNDLE.replace("$CDK_DOCKER", program).format(image=f"public.ecr.aws/sam/build-python{MINOR}")
    build = built(account, project(account, spec(command), Environment={"PrivilegedMode": True}))
    assert build["buildStatus"] == "SUCCEEDED", "\n".join(lines(account, build))
    assert "answer = 42" in lines(account, build)


def test_a_build_without_privileged_mode_does_not(account: Account) -> None:
    """The build fails as on AWS, and the log names the setting that it needs."""
    build = built(account, project(account, spec(BUNDLE.format(image="node:24"))))
    assert build["buildStatus"] == "FAILED"
    said = "\n".join(lines(account, build))
    assert "Cannot connect to the Docker daemon" in said
    assert "set privileged mode" in said


@pytest.mark.usefixtures("without_engine")
def test_a_replaced_node_is_reported(tmp_path: Path) -> None:
    """A Node version that differs from the image's is reported in the build's log."""
    ran = run(spec(BUNDLE.format(image="public.ecr.aws/sam/build-nodejs4.x")), {"privileged": True}, tmp_path)
    assert ran.result.status == "SUCCEEDED", ran.log
    assert "answer = 42" in ran.printed
    assert "build-nodejs4.x: Node" in ran.log
