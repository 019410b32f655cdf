"""Access to the embedded AWS: programs on this machine, but no web page in a browser.

It listens on 127.0.0.1 only, and yet a web page can reach it: by a name that resolves to 127.0.0.1 (DNS
rebinding), or by a plain request across origins, which CloudFormation's and IAM's query APIs would take as theirs.
Sources: RFC 9110, "Host" and status 421; RFC 6761, "localhost."; the Fetch standard, "Origin"; W3C, "Fetch Metadata
Request Headers", Sec-Fetch-Site.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from rehearsal.emulator.server.aws_hosts import AWS_DOMAINS

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
# What only this machine or AWS itself can let lead here: SDKs put a bucket's name before localhost.
LOCAL_HOST_SUFFIXES = (".localhost", *(f".{domain}" for domain in AWS_DOMAINS))
FOREIGN_SITES = ("cross-site", "same-site")
_MINISTACK_PREFIX = "/_ministack/"
# Of its own paths those that AWS has in another place: health, signed links to code, answers of custom resources.
_OPEN_PATHS = tuple(
    f"{_MINISTACK_PREFIX}{name}"
    for name in ("health", "ready", "lambda-code/", "lambda-layers/", "cfn-response/", "cfn-signal/")
)


@dataclass(frozen=True)
class Refusal:
    """The status of the answer, and why."""

    status: int
    why: str


def refuse_foreign_caller(headers: Mapping[str, str]) -> Refusal | None:
    """Why the request with these headers, in lower case, is not answered; None for one that is."""
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
    """Why a path of MiniStack's own, which asks no policy, is not answered where policies count; None for any other."""
    if not path.startswith(_MINISTACK_PREFIX) or path.startswith(_OPEN_PATHS) or path.endswith(".pem"):
        return None
    return Refusal(403, f"{path} asks nobody who may: it is closed while IAM is on")


def _is_local_host(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in LOCAL_HOSTS or name.endswith(LOCAL_HOST_SUFFIXES)
