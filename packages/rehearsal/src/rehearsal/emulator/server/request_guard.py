"""Access control of the embedded AWS: programs on this machine may call it, web pages in a browser may not.

Although it listens on 127.0.0.1 only, a web page could reach it: by a name that resolves to 127.0.0.1 (DNS rebinding),
or by a cross-origin request with a form, which the query APIs of CloudFormation and IAM would accept.
Sources: RFC 9110, "Host" and status 421; RFC 6761, "localhost."; the Fetch standard, "Origin"; W3C, "Fetch Metadata
Request Headers", Sec-Fetch-Site.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from rehearsal.emulator.server.aws_hosts import AWS_DOMAINS

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
# Only this machine or AWS can resolve these names to this address; SDKs put a bucket's name before localhost.
LOCAL_HOST_SUFFIXES = (".localhost", *(f".{domain}" for domain in AWS_DOMAINS))
FOREIGN_SITES = ("cross-site", "same-site")
_MINISTACK_PREFIX = "/_ministack/"
# MiniStack's paths with counterparts on AWS: health, presigned URLs of code, responses of custom resources.
_OPEN_PATHS = tuple(
    f"{_MINISTACK_PREFIX}{name}"
    for name in ("health", "ready", "lambda-code/", "lambda-layers/", "cfn-response/", "cfn-signal/")
)


@dataclass(frozen=True)
class Refusal:
    """A refusal: the HTTP status and the reason."""

    status: int
    reason: str


def refuse_foreign_caller(headers: Mapping[str, str]) -> Refusal | None:
    """Return a refusal for requests of web pages and unknown hosts, else None. headers: names in lower case."""
    host = headers.get("host", "")
    if not _is_local_host(host):
        return Refusal(
            421,
            f"the embedded AWS is not {host or 'a host without a name'}: call {', '.join(LOCAL_HOSTS)}, or a name that"
            f" ends with {' or '.join(LOCAL_HOST_SUFFIXES)}",
        )
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != host:
        return Refusal(403, f"the embedded AWS answers no web page of another origin; this one is {origin}")
    site = headers.get("sec-fetch-site")
    if site in FOREIGN_SITES:
        return Refusal(403, f"the embedded AWS answers no web page of another origin (Sec-Fetch-Site: {site})")
    return None


def refuse_private_path(path: str) -> Refusal | None:
    """Return a refusal for MiniStack's internal paths, which evaluate no policies, else None."""
    if not path.startswith(_MINISTACK_PREFIX) or path.startswith(_OPEN_PATHS) or path.endswith(".pem"):
        return None
    return Refusal(403, f"{path} evaluates no policies: it is closed while IAM is on")


def _is_local_host(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in LOCAL_HOSTS or name.endswith(LOCAL_HOST_SUFFIXES)
