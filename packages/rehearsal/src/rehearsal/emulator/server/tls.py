"""The emulator's certificate authority, its certificate for 127.0.0.1, and a bundle that adds it to this machine's."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import certifi
import trustme

from rehearsal.aws import AUTHORITY
from rehearsal.host.atomic_write import write_text

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_SETTINGS = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "AWS_CA_BUNDLE",
    "PIP_CERT",
)


@dataclass(frozen=True)
class Tls:
    """Paths of PEM files. bundle: the machine's authorities and the emulator's.

    authority, authority_key: the certificate authority, which also issues certificates for AWS's host names.
    """

    certificate: Path
    key: Path
    bundle: Path
    authority: Path
    authority_key: Path


def ensure_certificates(folder: Path, key: Path) -> Tls:
    """Create the files in `folder` where they are missing, and the keys next to `key`, which no other user can read.

    The authority is created once, so that exports in a user's shell stay valid; the bundle is always written again.
    """
    authority_key = key.with_name("authority.key")
    tls = Tls(folder / "server.pem", key, folder / "bundle.pem", folder / AUTHORITY, authority_key)
    if not all(path.exists() for path in (tls.certificate, tls.key, tls.authority, tls.authority_key)):
        for directory in (folder, key.parent):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _issue(tls)
    trusted = dict.fromkeys([*_system_certificates(), *_certificates(tls.authority)])
    write_text(tls.bundle, "".join(f"{certificate}\n" for certificate in trusted))
    return tls


def _issue(tls: Tls) -> None:
    authority = trustme.CA(organization_name="The embedded AWS of a rehearsal")
    issued = authority.issue_cert("127.0.0.1", "localhost")
    write_text(tls.key, issued.private_key_pem.bytes().decode())
    write_text(tls.certificate, "".join(pem.bytes().decode() for pem in issued.cert_chain_pems))
    write_text(tls.authority_key, authority.private_key_pem.bytes().decode())
    write_text(tls.authority, authority.cert_pem.bytes().decode())


def _system_certificates() -> Iterator[str]:
    """Every certificate that this machine's settings trust; those of certifi where it has no setting."""
    paths = ssl.get_default_verify_paths()
    bundles = [*(os.environ.get(name) for name in _SETTINGS), paths.cafile, paths.openssl_cafile]
    files = [path for path in map(Path, dict.fromkeys(filter(None, bundles))) if path.is_file()]
    for path in files or [Path(certifi.where())]:
        yield from _certificates(path)


def _certificates(path: Path) -> list[str]:
    return _CERTIFICATE.findall(path.read_text(errors="replace"))
