"""Environments that a push adds are bootstrapped before it, which an operator has to do on AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.deploy import bootstrap_record
from rehearsal.deploy.bootstrap import is_bootstrapped
from rehearsal.deploy.first_deployment import Operator
from rehearsal.deploy.pushed_environments import names_environment
from rehearsal.host.cancellation import Cancellation
from rehearsal.project.cdk_app import App
from rehearsal.project.cloud_assembly import Environment
from rehearsal.project.git_repository import Repository
from tests.commands.conftest import Tiny
from tests.commands.templates import ACCOUNT, REGION, TEMPLATE

NEW = Environment("666666666666", "eu-north-1")
# Replaces the CDK CLI, which takes 0.9 s: it runs the app of cdk.json.
CDK = r"""#!/bin/sh
for out; do :; done
mkdir -p "$out"
CDK_OUTDIR=$out exec sh -c "$(sed -E 's/^.*"app": "(.*)".*$/\1/' cdk.json)"
"""
# Creates the stack of a bootstrap.
SCRIPT = """
import boto3
api = boto3.client("cloudformation")
body = '{"Resources": {"It": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "1"}}}}'
if not any(stack["StackName"] == "CDKToolkit" for stack in api.describe_stacks()["Stacks"]):
    api.create_stack(StackName="CDKToolkit", TemplateBody=body)
"""


def write_assembly(out: Path, *places: Environment) -> None:
    """Write a cloud assembly with the pipeline's stack, and a stage with an empty stack for each place."""
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-stage"}}
    _write(out, {"tiny": (TEMPLATE, Environment(ACCOUNT, REGION))}, {"assembly-stage": stage})
    _write(out / "assembly-stage", {f"s{number}": ({}, place) for number, place in enumerate(places)}, {})


def _write(out: Path, stacks: dict[str, tuple[object, Environment]], artifacts: dict[str, object]) -> None:
    out.mkdir(exist_ok=True, parents=True)
    for name, (body, place) in stacks.items():
        (out / f"{name}.template.json").write_text(json.dumps(body))
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "environment": f"aws://{place.account}/{place.region}",
            "properties": {"templateFile": f"{name}.template.json", "stackName": name},
        }
    (out / "manifest.json").write_text(json.dumps({"version": "54.0.0", "artifacts": artifacts}))


@pytest.fixture
def app(tiny: Tiny) -> Iterator[Tiny]:
    """The tiny project with an app, and a command that bootstraps.

    Afterwards the record of the bootstrap is as before: with another command, the next run would bootstrap all again.
    """
    record = tiny.space.aws / "bootstrap.json"
    kept = record.read_text()
    cdk = tiny.root / "node_modules" / ".bin" / "cdk"
    cdk.parent.mkdir(parents=True)
    cdk.write_text(CDK)
    cdk.chmod(0o755)
    (tiny.root / "cdk.json").write_text('{"app": "cp -r assembly/. $CDK_OUTDIR"}')
    (tiny.root / "rehearsal.toml").write_text('[bootstrap]\ncommand = "python make_ready.py {account}/{region}"\n')
    (tiny.root / "make_ready.py").write_text(SCRIPT)
    write_assembly(tiny.root / "assembly")
    yield tiny
    record.write_text(kept)


def deploy(tiny: Tiny) -> str:
    """Prepare the push of the working tree, as `run` does, and return the messages."""
    messages: list[str] = []
    repository = Repository(tiny.root, tiny.space.home)
    endpoint = tiny.deployed.endpoint
    operator = Operator(tiny.space, endpoint, repository, App(), messages.append, Cancellation())
    operator.ensure_deployed(repository.snapshot)
    return "\n".join(messages)


def test_an_environment_of_the_push_is_bootstrapped_before_it(app: Tiny) -> None:
    """A new environment is bootstrapped once, with a warning; a push that adds none is not synthesized."""
    deploy(app)
    write_assembly(app.root / "assembly", NEW)
    assert not is_bootstrapped(app.deployed.endpoint, NEW)
    assert f"warning: bootstrapped {NEW}: on AWS an operator has to do it before the push" in deploy(app)
    assert is_bootstrapped(app.deployed.endpoint, NEW)
    assert bootstrap_record.late_bootstraps(app.space) == [str(NEW)]
    (app.root / "main.py").write_text("print()")
    assert deploy(app) == ""


def test_a_push_that_does_not_synthesize_is_pushed_all_the_same(app: Tiny) -> None:
    """A push that does not synthesize continues with a message; the next good push bootstraps its environments."""
    place = Environment("555555555555", "eu-north-1")
    write_assembly(app.root / "assembly", place)
    (app.root / "cdk.json").write_text('{"app": "echo no such setting: colour >&2; false"}')
    assert "no such setting: colour" in deploy(app)
    (app.root / "cdk.json").write_text('{"app": "cp -r assembly/. $CDK_OUTDIR"}')
    assert f"warning: bootstrapped {place}" in deploy(app)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('"account": "444444444444",', True),
        ("env = Environment(region='us-gov-east-1')", True),
        ('"@aws-cdk/core:bootstrapQualifier": "other"', True),
        ("sha256:0a1b111111111111c", False),
        ("print('north-1')", False),
    ],
)
def test_accounts_regions_and_qualifiers_are_recognized(line: str, *, named: bool) -> None:
    """Only lines with an account, a region or a qualifier can add an environment."""
    assert names_environment([line]) is named
