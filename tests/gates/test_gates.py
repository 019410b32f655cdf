"""Each gate fails for its fault, which is planted in a copy of the project. `make gates` prints the table."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.gates.faults import DEPENDENCIES, Change, Gate, check, run

GATES = (
    Gate(
        "lock freshness",
        "a dependency that poetry.lock does not know",
        Change("pyproject.toml", 'dependencies = ["requests", "', old='dependencies = ["'),
        ("python", "-m", "cdk_delivery.gates.lock"),
        "pyproject.toml changed significantly",
        "pyproject.toml",
    ),
    Gate(
        "format",
        "a line as nobody formats it",
        Change("stages/odd.py", "x  =  1\n"),
        ("ruff", "format", "--check"),
        "odd.py",
        "stages/odd.py:1",
        "File would be reformatted",
    ),
    Gate(
        "lint",
        "an unused import",
        Change("stages/odd.py", "import os\n"),
        ("ruff", "check", "stages"),
        "F401",
        "stages/odd.py:1",
    ),
    Gate(
        "types",
        "a text where a number belongs",
        Change("stages/odd.py", '"""Odd."""\n\nx: int = "text"\n'),
        ("mypy", "stages/odd.py"),
        "Incompatible types in assignment",
        "stages/odd.py:3",
    ),
    Gate(
        "imports",
        "the service knows its pipeline",
        Change("stages/odd.py", "import pipeline.stack\n"),
        ("lint-imports", "--no-cache"),
        "stages.odd -> pipeline.stack",
        "stages/odd.py:1",
        "stages know no pipeline",
    ),
    Gate(
        "tests",
        "a test that fails",
        Change("tests/stages/test_odd.py", "def test_odd() -> None:\n    assert False\n"),
        ("python", "-m", "pytest", "-q", "tests/stages/test_odd.py"),
        "1 failed",
        "tests/stages/test_odd.py:2",
        "assert False",
    ),
    Gate(
        "layer check",
        "an import that no layer provides",
        Change("lambda/echo2/main.py", "import requests\nimport ", old="import "),
        ("python", "-m", "lambda_layers", "check"),
        "no layer of echo2 provides requests",
        "lambda/echo2/main.py:",
    ),
    Gate(
        "settings",
        "an account with 13 digits",
        Change("cdk.json", '"account": "1', old='"account": "'),
        ("cdk", "synth", "-q"),
        "(13 digits); an AWS account id has 12",
        "cdk.json",
    ),
    Gate(
        "cdk-nag",
        "a queue that takes messages without TLS",
        Change("stages/event_sources.py", "enforce_ssl=False,", old="enforce_ssl=True,"),
        ("cdk", "synth", "-q"),
        "SQS4",
        "Pipeline/Dev/Echo/EchoFeed/Queue/Resource",
        "does not require requests to use SSL",
    ),
    Gate(
        "secrets",
        "a key of AWS",
        Change("docs/odd.md", "The key is AKIA" + "Q3EGRIUPLCEXAMPX\n"),
        ("python", "-m", "cdk_delivery.gates.secrets"),
        "docs/odd.md:1: AWS Access Key",
        "docs/odd.md:1",
        "AWS Access Key",
    ),
    Gate(
        "dependencies, ended exception",
        "an exception of yesterday",
        Change(
            "pyproject.toml",
            'ignore = [{ id = "GHSA-xxxx", reason = "it is not called here", expires = 2020-01-01 }]',
            old="ignore = []",
        ),
        DEPENDENCIES,
        "its exception ended on 2020-01-01",
        "pyproject.toml:",
    ),
    Gate(
        "dependencies, unreachable",
        "a database that nobody reaches, where the setting says fail",
        Change("pyproject.toml", 'on-unreachable = "fail"', old='on-unreachable = "warn"'),
        DEPENDENCIES,
        "could not be audited",
        "pyproject.toml:",
    ),
)

# One synthesis has the faults of both.
ASSEMBLY_GATES = (
    Gate(
        "stale acknowledgements",
        "an accept() of a finding that is none",
        Change("stages/event_sources.py", '"AwsSolutions-SQS4"', old='"W3694"'),
        ("sh", "-c", "cdk synth -q && python -m cdk_delivery.compliance cdk.out"),
        "AwsSolutions-SQS4 is accepted, but raised no more",
        "Pipeline/Dev/Echo/Echo2/Live",
    ),
    Gate(
        "cfn-lint",
        "a property that no queue has",
        Change(
            "stages/event_sources.py",
            '        self.queue.node.default_child.add_property_override("Colour", "red")\n'
            '        self.address = ("QueueUrl"',
            old='        self.address = ("QueueUrl"',
        ),
        ("python", "-m", "cdk_delivery.gates.templates"),
        "E3002",
        "Pipeline/Dev/Echo/EchoFeed/Queue/Resource",
        "Colour",
    ),
)


@pytest.mark.slow
@pytest.mark.gate
@pytest.mark.parametrize(
    "gates",
    [*((gate,) for gate in GATES), ASSEMBLY_GATES],
    ids=lambda gates: " and ".join(gate.name for gate in gates),
)
def test_it_goes_red(gates: Sequence[Gate], project: Path) -> None:
    """The gate's command fails, and `rehearse why` names the planted line despite the output of other targets."""
    with ExitStack() as planted:
        for gate in gates:
            planted.enter_context(gate.change.planted(project))
        for gate in gates:
            # CDK's own validation is none of these gates.
            check(gate, run(gate.command, project, CDK_VALIDATION="false"))
