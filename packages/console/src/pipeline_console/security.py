"""Access: from this machine, with the token of the printed URL, by pages of this server.

Sources: RFC 9110, "Host"; RFC 6265bis, "SameSite" and "HttpOnly"; the Fetch standard, "Origin"; W3C, "Content Security
Policy Level 3"; OWASP, "Cross-Site Request Forgery Prevention Cheat Sheet".
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with no-referrer, browsers send `Origin: null` with forms
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
CSRF_FIELD = "csrf"


@dataclass(frozen=True)
class Keys:
    """The secrets of one server. token: of the printed URL; session: the cookie's value."""

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def cookie(self) -> str:
        """The cookie's name: browsers share the cookies of all ports."""
        return f"pipeline-console-{self.port}"

    @property
    def csrf(self) -> str:
        """The token that each form carries."""
        return hmac.new(self.session.encode(), b"csrf", "sha256").hexdigest()

    def hosts(self) -> frozenset[str]:
        """Return the values of Host that name this server."""
        return frozenset((f"127.0.0.1:{self.port}", f"localhost:{self.port}"))


class Guard:
    """Refuses foreign requests, and adds the headers of security to every answer."""

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self._app, self._keys = app, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name.lower() for name, _ in message["headers"]}
                added = {"cache-control": "no-store", **HEADERS}
                message["headers"] = [
                    *message["headers"],
                    *((name.encode(), value.encode()) for name, value in added.items() if name.encode() not in names),
                ]
            await send(message)

        refusal = self._refuse(Request(scope))
        await (refusal or self._app)(scope, receive, send_guarded)

    def _refuse(self, request: Request) -> Response | None:
        """Return the answer to a request that is not served; None for one that is."""
        headers, keys = request.headers, self._keys
        if headers.get("host") not in keys.hosts():
            return PlainTextResponse(f"this console is {' or '.join(sorted(keys.hosts()))}\n", 421)
        if foreign := _foreign_origin(headers):
            return PlainTextResponse(f"the console answers no page of another origin; this one is {foreign}\n", 403)
        if request.method not in ("GET", "HEAD") and not headers.get("origin"):
            return PlainTextResponse("a change needs the header Origin, which every browser sends\n", 403)
        token = parse_qs(request.url.query).get("token", [""])[0]
        if token and hmac.compare_digest(token.encode(), keys.token.encode()):
            answer = RedirectResponse("/" + request.url.path.lstrip("/"), 303)  # "//host" would be another host
            answer.set_cookie(keys.cookie, keys.session, httponly=True, samesite="strict", path="/")
            return answer
        cookie = request.cookies.get(keys.cookie, "")
        if not hmac.compare_digest(cookie.encode(), keys.session.encode()):
            text = "open the URL that pipeline-console has printed: it holds the token of this console\n"
            return PlainTextResponse(text, 401)
        return None


def kept_session(port: int, state: Path) -> str:
    """Return the session of a port, which only this user can read: pages go on when the console is started again."""
    file = state / "pipeline-console" / f"session-{port}"
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileExistsError):
            file.touch(mode=0o600, exist_ok=False)
            file.write_text(secrets.token_urlsafe(32))
        session = file.read_text().strip()
        private = file.stat().st_mode & 0o077 == 0 and file.stat().st_uid == os.getuid()
    except OSError:
        return secrets.token_urlsafe(32)
    return session if private and len(session) > 30 else secrets.token_urlsafe(32)


def check_csrf(keys: Keys, token: str) -> bool:
    """Return whether a form carries the token of this server."""
    return hmac.compare_digest(token.encode(), keys.csrf.encode())


def _foreign_origin(headers: Headers) -> str:
    """Return the origin of a request that does not come from a page of this server; empty for one that does."""
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers["host"]:
        return origin
    site = headers.get("sec-fetch-site", "none")
    return "" if site in ("none", "same-origin") else site
