"""The program in a function's interpreter: AWS's runtime client, connected to the rehearsal by pipes instead of HTTP.

Called as `python -S runtime_bootstrap.py ANSWERS LAYERS PACKAGES HEADER`. Invocations come on standard input, answers
leave on the file descriptor ANSWERS. Both ways a message is one JSON line, and as many bytes as its `bytes` says.
Nothing is imported here but the standard library, AWS's client, and what the function asks for.
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
    """The module `runtime_client` of AWS's client, which is C and speaks HTTP there."""

    def __init__(self, invocations: int, answers: int, compiled: list[str]) -> None:
        self._invocations = os.fdopen(invocations, "rb")
        self._answers = os.fdopen(answers, "wb")
        self._compiled = compiled
        self._ready = False
        self.depth = ""

    def initialize_client(self, user_agent: str) -> None:
        """Nothing to connect."""

    def next(self) -> tuple[bytes, dict[str, str]]:
        """The next event and its headers; the first call says that the function's initialization is done."""
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
    """Variables that change with each invocation; None takes one away."""
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def search_path(task: str, layers: str, packages: str) -> None:
    """sys.path as the runtime sets it: the code, the layers, the runtime's own packages, the standard library.

    A PYTHONPATH of the function's own takes the place of the layers and the packages. Files `*.pth` count in the code
    and in the layers. The runtime client's modules are imported before, as on AWS.
    """
    minor = "{}.{}".format(*sys.version_info)
    own_path = "PYTHONPATH" in os.environ
    folders = [task] if own_path else [task, f"{layers}/lib/python{minor}/site-packages", layers]
    sys.path[:0] = folders if own_path else [*folders, packages]
    for folder in folders:
        site.addsitedir(folder)
    os.environ.setdefault("PYTHONPATH", os.environ["LAMBDA_RUNTIME_DIR"])


def count_compiled(compiled: list[str], *roots: str) -> None:
    """Note every module below `roots` that has no usable bytecode and is compiled when it is imported."""
    loader = importlib.machinery.SourceFileLoader
    compile_source = loader.source_to_code

    def counting(self: SourceFileLoader, data: bytes, path: str, **more: int) -> types.CodeType:
        if str(path).startswith(roots):
            compiled.append(str(path))
        return compile_source(self, data, path, **more)

    loader.source_to_code = counting  # type: ignore[method-assign, assignment]


class InvokeDepthHook:
    """Tells MiniStack how deep functions call each other, by a header of the SDK's: it ends loops, as AWS does."""

    def __init__(self, channel: Channel, header: str) -> None:
        self._channel, self._header = channel, header

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """The module that keeps the SDK's handlers, with one more of them."""
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
    """AWS's client, with the channel below it."""
    sys.modules["runtime_client"] = channel  # type: ignore[assignment]
    from awslambdaric import lambda_runtime_client  # noqa: PLC0415

    class Client(lambda_runtime_client.LambdaRuntimeClient):  # type: ignore[misc]
        def call_rapid(
            self, method: str, endpoint: str, code: int, payload: object = None, headers: object = None
        ) -> None:
            """All requests except invocations: report a failed initialization; SnapStart's hooks need not wait."""
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
