"""Each gate fails for its fault, which is planted in a copy of the project. `make gates` prints the table."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rehearsal.cause.find_cause import find_causes
from rehearsal.cause.model import Cause
from rehearsal.views.execution_view import ActionView
from tests.root import ROOT

MAKE = "make --jobs 2 --output-sync=target synth check"
# The output of a build in which one target succeeds, the gate's target fails, and another one fails after it.
PARALLEL = """\
[Container] 2026/11/29 20:11:39.511648 Running command {command}
lambda-layers build
layers: nothing to do, build/layers/ is what the lock says
============================== 48 passed in 3.87s ==============================
{printed}
make: *** [Makefile:71: planted] Error 1
make: *** Waiting for unfinished jobs....
mypy
lambda/late.py:9: error: the error of another target  [misc]
make: *** [Makefile:55: types] Error 1
[Container] 2026/11/29 20:12:26.550606 Command did not exit successfully {command} exit status 2
[Container] 2026/11/29 20:12:26.550665 Phase complete: BUILD State: FAILED
"""
MADE = (".git", "cdk.out", ".rehearsal", ".*_cache", ".hypothesis", ".venv", ".tools", "node_modules")


@dataclass(frozen=True)
class Change:
    """A fault: text of a file that replaces `old`, or a new file."""

    path: str
    new: str
    old: str = ""

    @contextmanager
    def planted(self, project: Path) -> Iterator[None]:
        """Change the project, and undo it."""
        file = project / self.path
        before = file.read_text() if self.old else ""
        assert self.old in before, f"{self.path} has no {self.old}: the fault cannot be planted"
        file.write_text(before.replace(self.old, self.new, 1) if self.old else self.new)
        try:
            yield
        finally:
            if self.old:
                file.write_text(before)
            else:
                file.unlink()


@dataclass(frozen=True)
class Gate:
    """`command` fails with the change and prints `says`; `rehearse why` prints `place` and `cause`."""

    name: str
    fault: str
    change: Change
    command: Sequence[str]
    says: str
    place: str
    cause: str = ""


DEPENDENCIES = ("python", "-m", "cdk_delivery.gates.dependencies")
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


VULNERABLE = {"vulns": [{"id": "GHSA-planted", "aliases": ["CVE-2026-1"], "summary": "planted", "affected": []}]}


class Osv(BaseHTTPRequestHandler):
    """A vulnerability database that has one vulnerability, of jmespath."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps(VULNERABLE if asked["package"]["name"] == "jmespath" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Print nothing."""


@pytest.fixture(scope="module")
def osv() -> Iterator[str]:
    """The URL of a local vulnerability database."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Osv)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project without .git, with the packages that the gates need and its environments, in a separate folder."""
    folder = tmp_path_factory.mktemp("gates") / "project"
    shutil.copytree(ROOT, folder, ignore=unneeded)
    for tools in (".venv", ".tools", "node_modules"):
        (folder / tools).symlink_to(ROOT / tools)
    return folder


def unneeded(folder: str, names: list[str]) -> set[str]:
    """Return the names in a folder that the copy does without."""
    packages = ROOT / "packages"
    others = {"console", "rehearsal"} if Path(folder) == packages else set()
    tests = {"tests"} if Path(folder).parent == packages else set()
    return others | tests | shutil.ignore_patterns(*MADE)(folder, names)


def run(command: Sequence[str], folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a gate's command as make does."""
    tools = [str(folder / part) for part in (".venv/bin", ".tools/bin", "node_modules/.bin")]
    foreign = ("MAKE", "MFLAGS", "PYTEST_", "CODEBUILD_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    env |= {"PATH": os.pathsep.join([*tools, env["PATH"]]), **environ}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


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


def check(gate: Gate, done: subprocess.CompletedProcess[str]) -> None:
    """Check that a gate is red for its fault, and that its output leads to the place."""
    printed = done.stdout + done.stderr
    assert done.returncode != 0, f"{' '.join(gate.command)} is green\n{printed}"
    assert gate.says in printed, printed
    cause = why(printed)
    assert str(cause.place).startswith(gate.place), cause
    assert (gate.cause or gate.says) in cause.message, cause
    assert cause.part == "planted"


def why(printed: str) -> Cause:
    """Return the root cause that `rehearse why` finds in the log of a parallel make."""
    log = PARALLEL.format(command=MAKE, printed=printed.rstrip("\n")).splitlines()
    action = ActionView("Build", "Synth", "Build/CodeBuild", "Failed", summary="build FAILED", log="action.log")
    (cause,) = find_causes([action], lambda _: log, lambda *_: "")
    return cause


def exception(text: str) -> Change:
    """Return the change that adds an exception to the gate of dependencies."""
    return Change("pyproject.toml", f"ignore = [{text}]", old="ignore = []")


ACCEPTED = exception('{ id = "CVE-2026-1", reason = "no query of a stranger is run", expires = 2999-12-31 }')


@pytest.mark.slow
@pytest.mark.gate
def test_a_known_vulnerability_is_red(project: Path, osv: str) -> None:
    """A known vulnerability is red unless it is accepted by one of its names until a future date."""
    red = run(DEPENDENCIES, project, PIP_AUDIT_OSV_URL=osv)
    assert red.returncode == 1
    assert "CVE-2026-1, GHSA-planted; update it (`poetry update jmespath`)" in red.stderr
    with ACCEPTED.planted(project):
        assert run(DEPENDENCIES, project, PIP_AUDIT_OSV_URL=osv).returncode == 0


@pytest.mark.slow
@pytest.mark.gate
def test_a_gate_that_is_open_is_red_on_aws(project: Path, osv: str) -> None:
    """A build in a real account rejects `warn`; a rehearsal with placeholders accepts it."""
    build = "arn:aws:codebuild:eu-west-1:{}:build/a:b"
    with ACCEPTED.planted(project):
        red = run(DEPENDENCIES, project, PIP_AUDIT_OSV_URL=osv, CODEBUILD_BUILD_ARN=build.format(210987654321))
        rehearsed = run(DEPENDENCIES, project, PIP_AUDIT_OSV_URL=osv, CODEBUILD_BUILD_ARN=build.format(111111111111))
    assert red.returncode == 1
    assert 'on-unreachable = "warn" is for rehearsals; on AWS set "fail"' in red.stderr
    assert rehearsed.returncode == 0


@pytest.mark.slow
def test_an_exception_that_nothing_needs_is_red(project: Path, osv: str) -> None:
    """An unused exception is red, since it would hide a future finding."""
    with exception('{ id = "GHSA-other", reason = "it was there once", expires = 2999-12-31 }').planted(project):
        done = run(DEPENDENCIES, project, PIP_AUDIT_OSV_URL=osv)
    assert "GHSA-other: no shipped package has it; remove the exception" in done.stderr


@pytest.mark.slow
def test_a_malformed_exception_is_wrong_use(project: Path) -> None:
    """An exception without a reason and a date exits with 2."""
    with exception('{ id = "GHSA-other" }').planted(project):
        done = run(DEPENDENCIES, project)
    assert done.returncode == 2
    assert "[tool.dependency-gate] ignore.0.reason" in done.stderr
