"""The HTTP proxy of builds and functions: it routes AWS's host names to the embedded AWS, all others to the network.

A separate program that proxy_process.py starts, so that downloads do not slow down the embedded AWS. It ends with its
standard input, and can import the standard library and this package only. It decrypts nothing: it sees host names only.
Sources: RFC 9110, "CONNECT"; RFC 9112, "absolute-form"; curl's manual, "PROXY PROTOCOL PREFIXES" (variables).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import socket
import sys
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from rehearsal.emulator.server.aws_hosts import is_aws_host

HEAD_SECONDS, CONNECT_SECONDS, CHUNK_BYTES = 60, 60, 1 << 18
PLAIN_PORT = 80


class BadRequest(Exception):
    """The client's message is not a request to a proxy."""


@dataclass(frozen=True)
class Request:
    """A request's first line and headers. path: in the form that an origin server gets."""

    method: str
    host: str
    port: int
    path: str
    version: str
    headers: bytes

    @property
    def tunnel(self) -> bool:
        return self.method == "CONNECT"

    def to_origin(self) -> bytes:
        """Return the request in the form for an origin server, which closes the connection after its response."""
        return f"{self.method} {self.path} {self.version}\r\n".encode("latin-1") + self._one_answer()

    def to_proxy(self, authorization: bytes) -> bytes:
        """Return the request in the form for another proxy."""
        target = f"{self.host}:{self.port}" if self.tunnel else f"http://{self.host}:{self.port}{self.path}"
        rest = self.headers if self.tunnel else self._one_answer()
        return f"{self.method} {target} {self.version}\r\n".encode("latin-1") + authorization + rest

    def _one_answer(self) -> bytes:
        """The headers, with `Connection: close`: the next request of the connection may be for another host."""
        lines = [
            line
            for line in self.headers.split(b"\r\n")
            if line and line.partition(b":")[0].strip().lower() not in (b"connection", b"proxy-connection")
        ]
        return b"\r\n".join([*lines, b"Connection: close", b"", b""])


@dataclass(frozen=True)
class Routes:
    """The ports of the embedded AWS on 127.0.0.1, and the machine's own proxies, from the environment."""

    tls: int
    plain: int

    def aws(self, request: Request) -> tuple[str, int] | None:
        """Return the embedded AWS's address for a request to AWS, whatever the machine's NO_PROXY says; else None."""
        if not is_aws_host(request.host):
            return None
        return "127.0.0.1", self.plain if request.port == PLAIN_PORT or not request.tunnel else self.tls

    def upstream(self, request: Request) -> SplitResult | None:
        """Return the URL of the machine's own proxy for this host, if any."""
        if proxy_bypass(request.host):
            return None
        proxies = getproxies_environment()
        url = proxies.get("https" if request.tunnel else "http") or proxies.get("all")
        if not url:
            return None
        return urlsplit(url if "//" in url else f"http://{url}")


def main(listener: str, tls: str, plain: str) -> None:
    """Serve the socket with the file descriptor `listener`. tls, plain: the ports of the embedded AWS."""
    routes = Routes(int(tls), int(plain))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(socket.socket(fileno=int(listener)), routes))


async def serve(listener: socket.socket, routes: Routes) -> None:
    """Serve until standard input ends, which the parent process keeps open."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), ended.set)
    server = await asyncio.start_server(lambda *client: answer(routes, *client), sock=listener)
    async with server:
        await ended.wait()
        os._exit(0)  # here: the block would wait for the end of all connections


async def answer(routes: Routes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one client's connection."""
    try:
        request = parse(await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_SECONDS))
        await forward(routes, request, reader, writer)
    except BadRequest as error:
        writer.write(_refusal("400 Bad Request", str(error)))
    except (TimeoutError, OSError) as error:
        writer.write(_refusal("502 Bad Gateway", f"{type(error).__name__}: {error}"))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass
    finally:
        with contextlib.suppress(OSError):
            await writer.drain()
            writer.close()


async def forward(routes: Routes, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Connect to the request's destination, and copy the data of both directions."""
    aws, upstream = routes.aws(request), routes.upstream(request)
    host, port = aws or (request.host, request.port)
    via_proxy = not aws and upstream is not None
    if via_proxy and upstream:
        host, port = upstream.hostname or "", upstream.port or PLAIN_PORT
    secure = True if via_proxy and upstream and upstream.scheme == "https" else None
    connecting = asyncio.open_connection(host, port, ssl=secure)
    far_reader, far_writer = await asyncio.wait_for(connecting, CONNECT_SECONDS)
    try:
        if via_proxy and upstream:
            far_writer.write(request.to_proxy(_authorization(upstream)))
        elif request.tunnel:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            far_writer.write(request.to_origin())
        async with asyncio.TaskGroup() as directions:
            directions.create_task(_pipe(reader, far_writer))
            directions.create_task(_pipe(far_reader, writer))
    except* OSError:
        pass  # one side has disconnected: closing the other one's connection saves it the wait for its time limit
    finally:
        far_writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy bytes until the reader's end, and pass the end on."""
    while chunk := await reader.read(CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


def parse(head: bytes) -> Request:
    """Read a request's head. Raises BadRequest."""
    line, _, headers = head.partition(b"\r\n")
    words = line.decode("latin-1").split(" ")
    if len(words) != 3:
        raise BadRequest(f"this is a proxy, and {line[:80]!r} is not an HTTP request")
    method, target, version = words
    url = urlsplit(f"//{target}" if method == "CONNECT" else target)
    try:
        host, port = url.hostname, url.port or (443 if method == "CONNECT" else PLAIN_PORT)
    except ValueError as error:
        raise BadRequest(f"{target[:80]}: {error}") from error
    if not host or (method != "CONNECT" and url.scheme != "http"):
        raise BadRequest(
            f"this is a proxy: {method} takes http://HOST/PATH, CONNECT takes HOST:PORT, not {target[:80]}"
        )
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return Request(method, host, port, path, version, headers)


def _authorization(upstream: SplitResult) -> bytes:
    if not upstream.username:
        return b""
    pair = f"{unquote(upstream.username)}:{unquote(upstream.password or '')}".encode()
    return b"Proxy-Authorization: Basic " + base64.b64encode(pair) + b"\r\n"


def _refusal(status: str, reason: str) -> bytes:
    body = f"the rehearsal's proxy: {reason}\n".encode(errors="replace")
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body
