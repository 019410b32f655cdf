"""Functions and layers in the embedded AWS."""

from __future__ import annotations

import base64
import io
import itertools
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from rehearsal.aws import Endpoint, root
from rehearsal.emulator.functions.mounts import mount_error
from rehearsal.host import interpreters
from rehearsal.workspace.layout import Workspace
from tests.conftest import Embedded

ACCOUNT, REGION = "111111111111", "eu-west-1"
RUNTIME = f"python{interpreters.running_interpreter()[0].rpartition('.')[0]}"

needs_mounts = pytest.mark.skipif(bool(mount_error()), reason="this machine forbids mounts")

_numbers = itertools.count(1)


def zipped(**files: str | bytes) -> bytes:
    """Return a ZIP archive; a name has `__` for each `/`, and ends with `_py` for `.py`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            path = name.replace("__", "/")
            archive.writestr(f"{path[:-3]}.py" if path.endswith("_py") else path, content)
    return buffer.getvalue()


@dataclass(frozen=True)
class Invocation:
    """The result of an invocation: its response or error, and the end of its log."""

    answer: Any
    error: bool
    log: str


@dataclass(frozen=True)
class Functions:
    """One account of the embedded AWS, with functions and layers."""

    endpoint: Endpoint
    space: Workspace

    def client(self, service: str) -> Any:
        return self.endpoint.client(service, root(ACCOUNT), REGION)

    def layer(self, **files: str | bytes) -> str:
        """Publish a layer of these files, and return its ARN."""
        return self.publish(zipped(**files))

    def publish(self, archive: bytes) -> str:
        """Publish a layer, and return its ARN."""
        published = self.client("lambda").publish_layer_version(
            LayerName=f"layer-{next(_numbers)}", Content={"ZipFile": archive}
        )
        return str(published["LayerVersionArn"])

    def make(self, code: str | bytes, *, layers: Sequence[str] = (), handler: str = "main.handler", **more: Any) -> str:
        """Create a function from a module or an archive, and return its name."""
        name = f"function-{next(_numbers)}"
        self.client("lambda").create_function(
            **{
                "FunctionName": name,
                "Runtime": RUNTIME,
                "Role": f"arn:aws:iam::{ACCOUNT}:role/function",
                "Handler": handler,
                "Code": {"ZipFile": code if isinstance(code, bytes) else zipped(main_py=code)},
                "Layers": list(layers),
                "Timeout": 10,
                "MemorySize": 256,
                **more,
            }
        )
        return name

    def call(self, name: str, event: Any = None) -> Invocation:
        response = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event), LogType="Tail")
        log = base64.b64decode(response.get("LogResult", "")).decode()
        return Invocation(json.loads(response["Payload"].read()), "FunctionError" in response, log)

    def ask(self, expression: str, **more: Any) -> Any:
        """Return the value of an expression in a new function."""
        result = self.call(
            self.make(f"import os, sys\ndef handler(event, context):\n    return {expression}\n", **more)
        )
        assert not result.error, result.answer
        return result.answer


@pytest.fixture(scope="session")
def functions(embedded: Embedded) -> Functions:
    return Functions(embedded.endpoint, embedded.workspace)
