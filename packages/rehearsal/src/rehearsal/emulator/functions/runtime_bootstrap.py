"""The program in a function's interpreter: AWS's runtime client, connected to the rehearsal by pipes instead of HTTP.

Called as `python -S runtime_bootstrap.py ANSWERS LAYERS PACKAGES HEADER`. It reads invocations from standard input, and
writes responses to the file descriptor ANSWERS. A message is one JSON line, followed by as many bytes as its `bytes`
says. It imports only the standard library, AWS's runtime client, and the function's own imports.
"""

from __future__ import annotations

import importlib.machinery
import json
import os
import site
import sys
import types
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader


class Channel:
    """Replaces the module `runtime_client` of AWS's runtime client, a C extension that uses HTTP."""

    def __init__(self, invocations: int, answers: int, compiled: list[str]) -> None:
        self._invocations = os.fdopen(invocations, "rb")
        self._answers = os.fdopen(answers, "wb")
        self._compiled = compiled
        self._ready = False
        self.depth = ""

    def initialize_client(self, user_agent: str) -> None:
        """Do nothing: the pipes are open already."""

    def next(self) -> tuple[bytes, dict[str, str]]:
        """Return the next event and its headers; the first call reports that the initialization is done."""
        if not self._ready:
            self._ready = True
            self.send("ready", compiled=len(self._compiled), modules=len(sys.modules))
        line = self._invocations.readline()
        if not line:
            os._exit(0)
        message = json.loads(line)
        _set(message["variables"])
        self.depth = message["depth"]
        return self._invocations.read(message["bytes"]), message["headers"]

    def post_invocation_result(self, invoke_id: str, result: bytes, content_type: str, invocation_id: object) -> None:
        self.send("result", result, content_type=content_type)

    def post_error(self, invoke_id: str, error: str, xray_fault: str, invocation_id: object) -> None:
        self.send("error", error.encode())

    def send(self, kind: str, body: bytes = b"", **more: object) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self._answers.write(json.dumps({"kind": kind, "bytes": len(body), **more}).encode() + b"\n" + body)
        self._answers.flush()


def _set(variables: Mapping[str, str | None]) -> None:
    """Set the environment variables of an invocation; None removes one."""
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def search_path(task: str, layers: str, packages: str) -> None:
    """Set sys.path as the runtime does: the code, the layers, the runtime's packages, the standard library.

    A PYTHONPATH of the function replaces the layers and the packages. `*.pth` files are read in the code and in the
    layers. The runtime client has been imported before, as on AWS.
    """
    minor = "{}.{}".format(*sys.version_info)
    own_path = "PYTHONPATH" in os.environ
    folders = [task] if own_path else [task, f"{layers}/lib/python{minor}/site-packages", layers]
    sys.path[:0] = folders if own_path else [*folders, packages]
    for folder in folders:
        site.addsitedir(folder)
    os.environ.setdefault("PYTHONPATH", os.environ["LAMBDA_RUNTIME_DIR"])


def count_compiled(compiled: list[str], *roots: str) -> None:
    """Add every module below `roots` to `compiled` that has no usable bytecode, when its import compiles it."""
    loader = importlib.machinery.SourceFileLoader
    compile_source = loader.source_to_code

    def counting(self: SourceFileLoader, data: bytes, path: str, **more: int) -> types.CodeType:
        if str(path).startswith(roots):
            compiled.append(str(path))
        return compile_source(self, data, path, **more)

    loader.source_to_code = counting  # type: ignore[method-assign, assignment]


class InvokeDepthHook:
    """Adds a header to the SDK's requests with the depth of functions that call each other, to detect loops."""

    def __init__(self, channel: Channel, header: str) -> None:
        self._channel, self._header = channel, header

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """Return the spec of the module with the SDK's event handlers, extended by one; None for other modules."""
        if name != "botocore.handlers":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec and spec.loader:
            run = spec.loader.exec_module

            def exec_module(module: types.ModuleType) -> None:
                run(module)
                module.BUILTIN_HANDLERS.append(("before-call", self._add))

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec

    def _add(self, params: dict[str, dict[str, str]], **_: object) -> None:
        params["headers"].setdefault(self._header, self._channel.depth)


def create_client(channel: Channel) -> object:
    """Return AWS's runtime client, which uses the channel."""
    sys.modules["runtime_client"] = channel  # type: ignore[assignment]
    from awslambdaric import lambda_runtime_client  # noqa: PLC0415

    class Client(lambda_runtime_client.LambdaRuntimeClient):  # type: ignore[misc]
        def call_rapid(
            self, method: str, endpoint: str, code: int, payload: object = None, headers: object = None
        ) -> None:
            """Handle requests other than invocations: report a failed initialization, and ignore SnapStart's hooks."""
            if method == "POST":
                channel.send("init-error", json.dumps(payload).encode())

    return Client("")


def main() -> None:
    answers, layers, packages, header = int(sys.argv[1]), *sys.argv[2:]
    os.set_inheritable(answers, False)
    invocations = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    site.setquit()
    compiled: list[str] = []
    sys.path.append(packages)
    channel = Channel(invocations, answers, compiled)
    client = create_client(channel)
    from awslambdaric import bootstrap  # noqa: PLC0415

    task = os.environ["LAMBDA_TASK_ROOT"]
    search_path(task, layers, packages)
    count_compiled(compiled, task + "/", layers + "/")
    sys.meta_path.insert(0, InvokeDepthHook(channel, header))
    bootstrap.run(os.environ["_HANDLER"], client)


if __name__ == "__main__":
    main()
