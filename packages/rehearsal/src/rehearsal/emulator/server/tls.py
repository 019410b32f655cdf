"""The emulator's certificate for 127.0.0.1, and a bundle that trusts it beside all that this machine trusts."""

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
    """Paths of PEM files. bundle: the machine's authorities and the emulator's own."""

    certificate: Path
    key: Path
    bundle: Path


def ensure_certificates(folder: Path, key: Path) -> Tls:
    """The files in `folder`, and the key beside nothing that others read.

    The authority is made once, so that a shell's exports stay good; the bundle is fresh.
    """
    tls = Tls(folder / "server.pem", key, folder / "bundle.pem")
    authority = folder / AUTHORITY
    if not all(path.exists() for path in (tls.certificate, tls.key, authority)):
        for each in (folder, key.parent):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        _issue(tls, authority)
    _write(
        tls.bundle, "".join(f"{each}\n" for each in dict.fromkeys([*_system_certificates(), *_certificates(authority)]))
    )
    return tls


def _issue(tls: Tls, authority: Path) -> None:
    made = trustme.CA(organization_name="The embedded AWS of a rehearsal")
    issued = made.issue_cert("127.0.0.1", "localhost")
    _write(tls.key, issued.private_key_pem.bytes().decode())
    _write(tls.certificate, "".join(each.bytes().decode() for each in issued.cert_chain_pems))
    _write(authority, made.cert_pem.bytes().decode())


def _system_certificates() -> Iterator[str]:
    """Every certificate that this machine's own settings trust; those of certifi where it has none at all."""
    paths = ssl.get_default_verify_paths()
    named = [*(os.environ.get(name) for name in _SETTINGS), paths.cafile, paths.openssl_cafile]
    files = [path for path in map(Path, dict.fromkeys(filter(None, named))) if path.is_file()]
    for path in files or [Path(certifi.where())]:
        yield from _certificates(path)


def _certificates(path: Path) -> list[str]:
    return _CERTIFICATE.findall(path.read_text(errors="replace"))


def _write(path: Path, text: str) -> None:
    """Write beside, then rename; keys are nobody else's to read."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.touch(mode=0o600)
    beside.write_text(text)
    beside.replace(path)
