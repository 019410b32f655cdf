"""Certificates for AWS's host names, issued when a client asks for the name."""

from __future__ import annotations

import re
import ssl
from functools import lru_cache

import trustme

from rehearsal.emulator.server.aws_hosts import is_aws_host
from rehearsal.emulator.server.tls import Tls

_CACHED_DOMAINS = 256
# The wildcard covers one label before `s3`, so a bucket with dots in its name is not covered, as on AWS.
# Source: Amazon S3 user guide, "Virtual hosting of general purpose buckets".
_BUCKET_HOST = re.compile(r"(?:^|.*?\.)(s3[.-].*)")


class HostCertificates:
    """Chooses the certificate of a TLS connection by the host name in its SNI extension."""

    def __init__(self, tls: Tls) -> None:
        self._authority = trustme.CA.from_pem(tls.authority.read_bytes(), tls.authority_key.read_bytes())

    def choose(self, connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _default: ssl.SSLContext) -> None:
        """Set a certificate for `name` if it is one of AWS's host names; other names keep the default one."""
        if name and is_aws_host(name):
            connection.context = self._context(covered_domain(name.lower()))

    # A cache on a method keeps its object alive; there is one object, which lives as long as the process.
    @lru_cache(_CACHED_DOMAINS)  # noqa: B019
    def _context(self, domain: str) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.set_alpn_protocols(["http/1.1"])
        self._authority.issue_cert(domain, f"*.{domain}").configure_cert(context)
        return context


def covered_domain(host: str) -> str:
    """Return the domain of AWS's wildcard certificate for a host: its parent domain, or S3's for a bucket."""
    match = _BUCKET_HOST.fullmatch(host)
    return match[1] if match else host.partition(".")[2]
