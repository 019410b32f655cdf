"""Forms: what a page sends to change something, accepted only with the token of this server."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.requests import Request

from pipeline_console.security import CSRF_FIELD, Keys, check_csrf

LARGEST = 300_000


class Rejected(Exception):
    """A form that is not accepted. status: of the answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Form:
    """The fields of a form."""

    fields: dict[str, list[str]]

    def get(self, name: str) -> str:
        """Return a field; empty where it is missing."""
        return self.fields.get(name, [""])[0]


async def read_form(request: Request, keys: Keys) -> Form:
    """Read the body of a request. Raises Rejected."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise Rejected(413, f"a form of more than {LARGEST:,} bytes is not accepted")
    form = Form(parse_qs(body.decode(errors="replace"), keep_blank_values=True))
    if not check_csrf(keys, form.get(CSRF_FIELD)):
        raise Rejected(403, "the form lacks the token of this console: load the page again, then send it again")
    return form
