"""S3 website endpoints, BUCKET.s3-website-REGION.amazonaws.com, with index and error documents.

Source: Amazon S3 user guide, "Website endpoints", "Configuring an index document" and "Configuring a custom error
document".
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from rehearsal.emulator.ministack.port import s3
from rehearsal.emulator.ministack.port.application import Application, Message, Scope, Send

_HOST = re.compile(r"(?P<bucket>[a-z0-9.-]+)\.s3-website[.-][a-z0-9-]+\.amazonaws\.com(?::\d+)?", re.IGNORECASE)
_NAMESPACE = f"{{{s3.S3_NS}}}"
_ERRORS = {
    "NoSuchWebsiteConfiguration": (404, "The specified bucket does not have a website configuration"),
    "NoSuchBucket": (404, "The specified bucket does not exist"),
    "MethodNotAllowed": (405, "The specified method is not allowed against this resource."),
}


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    async def send(self, send: Send, status: int | None = None) -> None:
        await send({"type": "http.response.start", "status": status or self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


def website_bucket(headers: Mapping[str, str]) -> str | None:
    """Return the bucket in the host name of a website endpoint; None for other hosts."""
    match = _HOST.fullmatch(headers.get("host", ""))
    return match["bucket"].lower() if match else None


async def serve(bucket: str, ministack: Application, scope: Scope, send: Send) -> None:
    """Answer a request to a website endpoint. Objects are read anonymously, so the bucket's policy has to allow it."""
    problem, settings = _settings(bucket, scope["method"])
    if settings is None:
        await _error(problem).send(send)
        return
    if host := settings.findtext(f"{_NAMESPACE}RedirectAllRequestsTo/{_NAMESPACE}HostName"):
        scheme = settings.findtext(f"{_NAMESPACE}RedirectAllRequestsTo/{_NAMESPACE}Protocol") or "http"
        await _redirect(301, f"{scheme}://{host}{scope['path']}").send(send)
        return
    index = settings.findtext(f"{_NAMESPACE}IndexDocument/{_NAMESPACE}Suffix") or "index.html"
    path: str = scope["path"]
    answer = await _read(ministack, scope, bucket, path + index if path.endswith("/") else path)
    if answer.status < 400:
        await answer.send(send)
        return
    if not path.endswith("/") and (await _read(ministack, scope, bucket, f"{path}/{index}")).status == 200:
        await _redirect(302, f"{path}/").send(send)
        return
    document = settings.findtext(f"{_NAMESPACE}ErrorDocument/{_NAMESPACE}Key")
    page = await _read(ministack, scope, bucket, f"/{document}") if document else answer
    await (page if page.status == 200 else answer).send(send, answer.status)


def _settings(bucket: str, method: str) -> tuple[str, ET.Element | None]:
    """Return the code of the error that a request gets, or the settings of the website."""
    owner = s3.bucket_owner(bucket)
    if owner is None:
        return "NoSuchBucket", None
    document = s3.bucket_website(owner, bucket)
    if not document:
        return "NoSuchWebsiteConfiguration", None
    if method not in ("GET", "HEAD"):
        return "MethodNotAllowed", None
    return "", ET.fromstring(document)  # noqa: S314 - the embedded AWS has read it before


async def _read(ministack: Application, scope: Scope, bucket: str, path: str) -> _Answer:
    """Read an object from the embedded AWS by an unsigned request."""
    target = f"/{bucket}{path}"
    passed = [(name, value) for name, value in scope["headers"] if name.lower() in (b"range", b"if-none-match")]
    request: Scope = {
        **scope,
        "path": target,
        "raw_path": quote(target).encode(),
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), *passed],
    }
    started: Message = {}
    parts: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def collect(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
        parts.append(message.get("body", b""))

    await ministack(request, receive, collect)
    return _Answer(started["status"], list(started.get("headers", [])), b"".join(parts))


def _error(code: str) -> _Answer:
    status, message = _ERRORS[code]
    page = f"<html><head><title>{code}</title></head><body><h1>{status} {code}</h1><p>{message}</p></body></html>\n"
    return _Answer(status, [(b"content-type", b"text/html; charset=utf-8")], page.encode())


def _redirect(status: int, location: str) -> _Answer:
    return _Answer(status, [(b"location", quote(location, safe=":/?#").encode()), (b"content-length", b"0")], b"")
