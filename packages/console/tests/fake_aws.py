"""A fake AWS with recorded responses, each of which must match botocore's model of the service."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.session import Session

Json = dict[str, Any]
SERVICES = {
    "CodePipeline_20150709": "codepipeline",
    "CodeBuild_20161006": "codebuild",
    "Logs_20140328": "logs",
    "CodeDeploy_20141006": "codedeploy",
}
_SESSION = Session()
_MODELS: dict[str, Any] = {}


class Refused(Exception):
    """An API error with its code."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


def service_model(service: str) -> Any:
    """Return botocore's model of a service."""
    if service not in _MODELS:
        _MODELS[service] = _SESSION.get_service_model(service)
    return _MODELS[service]


def unknown_members(shape: Any, value: Any, path: str = "answer") -> list[str]:
    """Return the members, types and enumeration values of a response that the model does not allow."""
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            return [f"{path}: {value!r}"]
        unknown = [f"{path}.{name}" for name in value.keys() - shape.members.keys()]
        missing = [f"{path}.{name} is missing" for name in shape.required_members if name not in value]
        known = [name for name in value if name in shape.members]
        return (
            unknown + missing + [e for n in known for e in unknown_members(shape.members[n], value[n], f"{path}.{n}")]
        )
    if kind == "list":
        return [error for item in value for error in unknown_members(shape.member, item, f"{path}[]")]
    if kind == "map":
        return [error for item in value.values() for error in unknown_members(shape.value, item, f"{path}{{}}")]
    types: dict[str, tuple[type, ...]] = {
        "string": (str,),
        "boolean": (bool,),
        "integer": (int,),
        "long": (int,),
        "timestamp": (int, float),
    }
    if not isinstance(value, types.get(kind, (object,))):
        return [f"{path}: {value!r} is not a {kind}"]
    return [f"{path}: {value!r}"] if getattr(shape, "enum", None) and value not in shape.enum else []


class FakeAws:
    """A fake AWS whose operations are functions of their input. calls: the received calls, in order."""

    def __init__(self) -> None:
        self.operations: dict[str, Callable[[Json], Json]] = {}
        self.files: dict[str, bytes] = {}
        self.refusals: dict[str, Refused] = {}
        self.calls: list[tuple[str, Json]] = []
        self.rehearsal: Callable[[str], Json] = lambda _: {}
        self.port = 0
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def called(self, operation: str) -> list[Json]:
        """Return the inputs of the calls of one operation."""
        return [given for name, given in self.calls if name == operation]

    def answer(self, target: str, given: Json) -> Json:
        """Return the response of one call. Raises Refused."""
        version, _, operation = target.partition(".")
        name = f"{SERVICES[version]}:{operation}"
        self.calls.append((name, given))
        if name in self.refusals:
            raise self.refusals[name]
        if name not in self.operations:
            raise Refused("UnknownOperationException", f"the test does not answer {name}")
        answer = self.operations[name](given)
        shape = service_model(SERVICES[version]).operation_model(operation).output_shape
        unknown = unknown_members(shape, answer) if shape else []
        assert not unknown, f"{name}: {unknown[:5]}"
        return answer

    def start(self) -> None:
        """Listen on the same port as before, or on a free one."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.aws = self  # type: ignore[attr-defined]
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def listens(self) -> bool:
        """Return whether the fake AWS listens."""
        return self._server is not None

    def stop(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class Handler(BaseHTTPRequestHandler):
    """The HTTP handler of a fake AWS."""

    protocol_version = "HTTP/1.1"

    def parse_request(self) -> bool:
        """Drop connections that are still open after the fake AWS has stopped."""
        self.close_connection = True
        return self._aws().listens() and super().parse_request()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target = self.headers.get("X-Amz-Target", "")
        try:
            if not target:
                self._send(200, IDENTITY, "text/xml")
                return
            self._json(200, self._aws().answer(target, json.loads(body or b"{}")))
        except Refused as refused:
            self._json(refused.status, {"__type": refused.code, "message": str(refused)})
        except AssertionError as error:
            self._json(400, {"__type": "TestError", "message": str(error)})

    def do_GET(self) -> None:
        if self.path.startswith("/_rehearsal/"):
            answer = self._aws().rehearsal(self.path)
            self._json(200 if answer else 400, answer or {"message": "denied"})
            return
        self._aws().calls.append(("s3:GetObject", {"path": self.path, "range": self.headers.get("Range", "")}))
        if refused := self._aws().refusals.get("s3:GetObject"):
            text = f"<Error><Code>{refused.code}</Code><Message>{refused}</Message></Error>"
            self._send(refused.status, text.encode(), "text/xml")
            return
        content = self._aws().files.get(self.path.partition("?")[0])
        if content is None:
            self._send(404, b"<Error><Code>NoSuchKey</Code><Message>none</Message></Error>", "text/xml")
            return
        self._send_part(content)

    def _send_part(self, content: bytes) -> None:
        """Send the requested range, or everything."""
        unit, _, span = self.headers.get("Range", "").partition("=")
        if not unit:
            self._send(200, content, "application/octet-stream")
            return
        first, _, last = span.partition("-")
        start = int(first) if first else max(0, len(content) - int(last))
        end = min(int(last), len(content) - 1) if first and last else len(content) - 1
        self.send_response(206)
        part = content[start : end + 1]
        self.send_header("Content-Range", f"bytes {start}-{end}/{len(content)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def _aws(self) -> FakeAws:
        return self.server.aws  # type: ignore[attr-defined,no-any-return]

    def _json(self, status: int, answer: Json) -> None:
        self._send(status, json.dumps(answer).encode(), "application/x-amz-json-1.1")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        pass


IDENTITY = (
    b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    b"<Arn>arn:aws:iam::111111111111:root</Arn><UserId>111111111111</UserId><Account>111111111111</Account>"
    b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


@contextmanager
def running_aws() -> Iterator[FakeAws]:
    """Start a fake AWS, and stop it at the end."""
    aws = FakeAws()
    aws.start()
    try:
        yield aws
    finally:
        aws.stop()


def eventually(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until `condition` holds; fail after some seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not hold in time"
        time.sleep(0.02)
