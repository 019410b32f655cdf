"""The emulator's certificate, and the authorities that its clients trust."""

from __future__ import annotations

import ssl
import stat
from pathlib import Path
from typing import Any

import certifi
import pytest

from rehearsal.aws import ca_bundle_variables
from rehearsal.emulator.server import tls

AUTHORITY = "The embedded AWS of a rehearsal"


def trusted(bundle: Path) -> list[str]:
    """Return the organizations of the authorities in the bundle."""
    found: list[Any] = ssl.create_default_context(cafile=str(bundle)).get_ca_certs()
    names = [part for certificate in found for (part, *_) in certificate["subject"]]
    return [str(value) for name, value in names if name == "organizationName"]


def provided(folder: Path) -> tls.Tls:
    return tls.ensure_certificates(folder, folder / "private" / "server.key")


def test_the_bundle_holds_the_machines_authorities_and_the_emulators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundle has the machine's authorities, also a proxy's from any setting, and the emulator's."""
    proxys = provided(tmp_path / "proxy")
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path / "proxy" / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
    mine = provided(tmp_path / "mine")
    assert trusted(mine.bundle).count(AUTHORITY) == 2
    assert len(trusted(mine.bundle)) > 50
    assert proxys.certificate.read_bytes() != mine.certificate.read_bytes()


def test_awss_sdks_trust_only_the_emulator(tmp_path: Path) -> None:
    """AWS's SDKs trust the emulator's authority only; package managers and other programs also trust the machine's."""
    paths = ca_bundle_variables(provided(tmp_path / "tls").bundle)
    assert trusted(Path(paths.pop("AWS_CA_BUNDLE"))) == [AUTHORITY]
    assert {"NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"} == paths.keys()
    for path in paths.values():
        assert len(trusted(Path(path))) > 1


def test_the_authority_is_made_once(tmp_path: Path) -> None:
    """The authority is created once, so that a shell's exports stay valid after a restart."""
    first = provided(tmp_path / "tls")
    certificate = first.certificate.read_bytes()
    assert provided(tmp_path / "tls") == first
    assert first.certificate.read_bytes() == certificate


def test_only_the_owner_can_read_the_key(tmp_path: Path) -> None:
    """The private key and its folder are readable only by their owner."""
    made = provided(tmp_path / "tls")
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.key.parent.stat().st_mode) == 0o700


def test_certificates_of_a_machine_without_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without authorities on the machine, certifi's are used."""
    for name in tls._SETTINGS:
        monkeypatch.delenv(name, raising=False)
    nothing = ssl.DefaultVerifyPaths("", "", "", "", "", "")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nothing)
    assert len(trusted(provided(tmp_path / "tls").bundle)) > 50
