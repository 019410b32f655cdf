"""The emulator's certificate, and whom its clients trust."""

from __future__ import annotations

import ssl
import stat
from pathlib import Path
from typing import Any

import certifi
import pytest

from rehearsal.emulator.server import tls

AUTHORITY = "The embedded AWS of a rehearsal"


def trusted(bundle: Path) -> list[str]:
    """The names of organizations in the bundle."""
    found: list[Any] = ssl.create_default_context(cafile=str(bundle)).get_ca_certs()
    names = [part for each in found for (part, *_) in each["subject"]]
    return [str(value) for name, value in names if name == "organizationName"]


def provided(folder: Path) -> tls.Tls:
    return tls.ensure_certificates(folder, folder / "private" / "server.key")


def test_the_bundle_holds_the_machines_authorities_and_the_emulators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Registries behind a proxy are reached as before, by whichever setting named the proxy's authority."""
    proxys = provided(tmp_path / "proxy")
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path / "proxy" / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
    mine = provided(tmp_path / "mine")
    assert trusted(mine.bundle).count(AUTHORITY) == 2
    assert len(trusted(mine.bundle)) > 50
    assert proxys.certificate.read_bytes() != mine.certificate.read_bytes()


def test_the_authority_is_made_once(tmp_path: Path) -> None:
    """A shell's exports stay good over restarts."""
    first = provided(tmp_path / "tls")
    certificate = first.certificate.read_bytes()
    assert provided(tmp_path / "tls") == first
    assert first.certificate.read_bytes() == certificate


def test_the_key_is_nobody_elses_to_read(tmp_path: Path) -> None:
    """Its folder is not, either."""
    made = provided(tmp_path / "tls")
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.key.parent.stat().st_mode) == 0o700


def test_certificates_of_a_machine_without_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the machine has none, certifi's are used."""
    for name in tls._SETTINGS:
        monkeypatch.delenv(name, raising=False)
    nothing = ssl.DefaultVerifyPaths("", "", "", "", "", "")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nothing)
    assert len(trusted(provided(tmp_path / "tls").bundle)) > 50
