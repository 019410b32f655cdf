"""Local package indexes, with and without a password."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


@dataclass
class Index:
    """A simple index of the wheels in a folder; `asked` are the paths of authorized requests."""

    url: str
    asked: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@contextmanager
def serve(folder: Path, credentials: tuple[str, str] | None = None) -> Iterator[Index]:
    """Serve the wheels in `folder` as a simple index, with basic authentication if there are credentials."""
    index = Index("")
    expected = f"Basic {base64.b64encode(':'.join(credentials).encode()).decode()}" if credentials else None

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if expected and self.headers.get("Authorization") != expected:
                index.refused.append(self.path)
                self._answer(401, b"", {"WWW-Authenticate": 'Basic realm="corp"'})
                return
            index.asked.append(self.path)
            name = self.path.strip("/").rpartition("/")[2]
            if (folder / name).is_file():
                self._answer(200, (folder / name).read_bytes(), {"Content-Type": "application/octet-stream"})
            elif wheels := sorted(folder.glob(f"{name.replace('-', '_')}-*.whl")):
                self._answer(200, "".join(map(_link, wheels)).encode(), {"Content-Type": "text/html"})
            else:
                self._answer(404, b"", {})

        def do_HEAD(self) -> None:
            self.do_GET()

        def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for header, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(header, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    index.url = f"http://127.0.0.1:{server.server_port}/simple/"
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _link(wheel: Path) -> str:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f'<a href="../{wheel.name}#sha256={digest}">{wheel.name}</a>\n'
