"""CDK's bundling in a build: without Docker where the project is privileged, refused where it is not."""

from __future__ import annotations

from rehearsal.host import interpreters
from tests.codebuild.conftest import Account
from tests.codebuild.test_action import spec
from tests.codebuild.test_start_build import built, lines, project

MINOR = ".".join(interpreters.running_interpreter()[0].split(".")[:2])
BUNDLE = (
    'mkdir asset output && echo "answer = 42" > asset/handler.py &&'
    ' "$CDK_DOCKER" run --rm -v "$PWD/asset:/asset-input:delegated" -v "$PWD/output:/asset-output:delegated"'
    ' -w /asset-input {image} bash -c "cp -r . /asset-output" && cat output/handler.py'
)


def test_a_privileged_build_bundles(account: Account) -> None:
    """The asset's command runs in the build, with this machine hidden as for the build itself."""
    command = BUNDLE.format(image=f"public.ecr.aws/sam/build-python{MINOR}")
    build = built(account, project(account, spec(command), Environment={"PrivilegedMode": True}))
    assert build["buildStatus"] == "SUCCEEDED", "\n".join(lines(account, build))
    assert "answer = 42" in lines(account, build)


def test_a_build_without_privileged_mode_does_not(account: Account) -> None:
    """It is red as on AWS, and the log says which setting it needs."""
    build = built(account, project(account, spec(BUNDLE.format(image="node:24"))))
    assert build["buildStatus"] == "FAILED"
    said = "\n".join(lines(account, build))
    assert "Cannot connect to the Docker daemon" in said
    assert "set privileged mode" in said


def test_what_stood_in_is_noted(account: Account) -> None:
    """A Node of another version than the image's is in the build's log and at the end of the run."""
    command = BUNDLE.format(image="public.ecr.aws/sam/build-nodejs4.x")
    build = built(account, project(account, spec(command), Environment={"PrivilegedMode": True}))
    assert build["buildStatus"] == "SUCCEEDED", "\n".join(lines(account, build))
    assert any("build-nodejs4.x: Node" in line for line in lines(account, build))
