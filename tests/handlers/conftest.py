"""The handlers, each in a separate interpreter that has only its code and the built layers."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from lambda_layers.manifest import MANIFEST_PATH, read
from tests.root import ROOT

VARIABLES = {
    "ENVIRONMENT": "dev",
    "POWERTOOLS_METRICS_NAMESPACE": "EchoService",
    "AWS_LAMBDA_FUNCTION_NAME": "function",
    "AWS_LAMBDA_FUNCTION_VERSION": "7",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_LAMBDA_LOG_FORMAT": "JSON",
    "LAMBDA_TASK_ROOT": "/var/task",
}
# The characters of st.text(), which encodes each one to find them: 1.1 s in a build, where Hypothesis has no cache.
UNICODE = st.characters(exclude_categories=["Cs"])


@dataclass(frozen=True)
class Outcome:
    """The result of one invocation: its response or error, and its log lines."""

    answer: Any
    error: str | None
    logs: list[dict[str, Any]]

    def lines(self, message: str) -> list[dict[str, Any]]:
        """Return the structured log lines of one message."""
        return [line for line in self.logs if line.get("message") == message]

    def metric(self, name: str) -> list[float]:
        """Return the values of one metric, from its embedded form."""
        return [value for line in self.logs for value in line.get(name, []) if "_aws" in line]


class CannotStart(AssertionError):
    """The code cannot be imported from its layers."""


class Handler:
    """One function's handler, kept running between invocations as in Lambda. Raises CannotStart."""

    def __init__(self, function: str, layers: list[Path]) -> None:
        self._worker = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-S",
                "-B",
                str(Path(__file__).with_name("worker.py")),
                str(ROOT / "lambda" / function),
            ]
            + [str(layer) for layer in layers],
            env={**VARIABLES, "POWERTOOLS_SERVICE_NAME": function},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        began = json.loads(self._read())
        if "error" in began:
            self.close()
            raise CannotStart(f"lambda/{function}/main.py: {began['error']}")

    def __call__(self, event: Any) -> Outcome:
        """Handle one event."""
        assert self._worker.stdin
        self._worker.stdin.write(json.dumps(event) + "\n")
        self._worker.stdin.flush()
        got = json.loads(self._read())
        return Outcome(got.get("answer"), got.get("error"), got["logs"])

    def _read(self) -> str:
        assert self._worker.stdout
        return self._worker.stdout.readline() or '{"error": "the interpreter ended", "logs": []}'

    def close(self) -> None:
        """End the interpreter."""
        self._worker.communicate(timeout=10)


Start = Callable[[str], Handler]


@pytest.fixture(scope="session")
def layers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The built layers, unpacked as in Lambda's /opt: layer -> folder."""
    manifest = ROOT / MANIFEST_PATH
    if not manifest.exists():
        pytest.fail(f"{MANIFEST_PATH} is missing; run `make layers`")
    folders = {}
    for layer in read(manifest).layers:
        folders[layer.name] = tmp_path_factory.mktemp(layer.name)
        with zipfile.ZipFile(manifest.parent / Path(layer.zip).name) as zipped:
            zipped.extractall(folders[layer.name])
    return folders


@pytest.fixture(scope="session")
def start(layers: dict[str, Path]) -> Iterator[Start]:
    """A function that starts a handler with its layers; all handlers end with the session."""
    with ExitStack() as running:

        def started(function: str) -> Handler:
            handler = Handler(
                function, [layers[layer.name] for layer in read(ROOT / MANIFEST_PATH).layers_of(function)]
            )
            running.callback(handler.close)
            return handler

        yield started


@pytest.fixture(scope="session")
def echo(start: Start) -> Handler:
    return start("echo")


@pytest.fixture(scope="session")
def echo2(start: Start) -> Handler:
    return start("echo2")


@pytest.fixture
def sqs() -> Any:
    """A realistic SQS event of two messages."""
    return json.loads((ROOT / "tests" / "events" / "sqs.json").read_text())


@pytest.fixture
def sns() -> Any:
    """A realistic SNS event."""
    return json.loads((ROOT / "tests" / "events" / "sns.json").read_text())
