"""The findings in given files are those of detect-secrets itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.keyword import DENYLIST

from cdk_delivery.gates import secret_scanner
from cdk_delivery.gates.secret_scanner import Finding, scan

pytestmark = [pytest.mark.slow, pytest.mark.gate]

HEX = "0123456789abcdef8c7d6e5f4a3b2c1d"  # pragma: allowlist secret
MIXED = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zAbCdEfGhIjKlMnOpQrStUvWxYz"  # pragma: allowlist secret
CODE = "x9f2kq7m4w8zt3bv6n1"
# One line for each kind of secret that detect-secrets knows.
LINES = {
    "Artifactory Credentials": f"token:AKC{CODE}",
    "AWS Access Key": "id: AKIA" + "Q3EGRIUPLCEXAMPX",
    "Azure Storage Account access key": f"AccountKey={(MIXED * 2)[:88]}",
    "Basic Auth Credentials": f"see https://user:{CODE}@example.com",
    "Cloudant Credentials": f"cloudant_password: {HEX * 2}",
    "Discord Bot Token": f"MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.{MIXED[:27]}",
    "GitHub Token": f"ghp_{MIXED[:36]}",
    "GitLab Token": f"glpat-{CODE}x7",
    "Base64 High Entropy String": f"value '{MIXED[:40]}'",
    "Hex High Entropy String": f"value '{HEX}'",
    "IBM Cloud IAM Key": f"ibm_cloud_iam_api_key: {MIXED[:44]}",
    "IBM COS HMAC Credentials": f"cos_hmac_secret_access_key: {(HEX * 2)[:48]}",
    "Public IP (ipv4)": "at 133.133.133.133",
    "JSON Web Token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",  # pragma: allowlist secret
    "Secret Keyword": f'password = "{CODE}"',
    "Mailchimp Access Key": f"{HEX}-us12",
    "NPM tokens": f"//registry.example/:_authToken=npm_{CODE}",  # pragma: allowlist secret
    "OpenAI Token": f"sk-{MIXED[:20]}T3BlbkFJ{MIXED[:20]}",
    "Private Key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "PyPI Token": f"pypi-AgEIcHlwaS5vcmc{(MIXED * 2)[:75]}",
    "SendGrid API Key": f"SG.{MIXED[:22]}.{MIXED[:43]}",
    "Slack Token": f"xoxb-34532454-{CODE}",
    "SoftLayer Credentials": f"softlayer_api_key: {HEX * 2}",
    "Square OAuth Secret": f"sq0csp-{MIXED[:43]}",
    "Stripe Access Key": f"sk_live_{MIXED[:24]}",
    "Telegram Bot Token": f"110201543:{MIXED[:35]}",
    "Twilio API Key": f"SK{HEX}",
}
# A line for each word that makes an assigned text a secret.
WORDS = [f'{word.replace("?", "").upper()} = "{CODE}{number}"' for number, word in enumerate(DENYLIST)]
# How detect-secrets reads a file, and which assignments it takes for secrets, depend on the extension.
NAMES = ("a.md", "a.py", "a.yml", "a.ini", "a.toml", "a.go", "a.cpp", "a.c", ".ini", "..ini", "noextension")
OTHER_LINES = (
    "nothing to see",
    f"password = {CODE}",
    f"password: {CODE}",
    f'password := "{CODE}"',
    f"password = get_{CODE}()",
    f'password = "{CODE}"  # pragma: allowlist secret',
    "# pragma: allowlist nextline secret",
    f'password = "{CODE}"',
    f'password = "other{CODE}"',  # pragma: allowlist secret
    "",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the same lines in every kind of file."""
    made = tmp_path_factory.mktemp("files")
    for name in NAMES:
        (made / name).write_text("\n".join([*OTHER_LINES, *LINES.values(), *WORDS, *OTHER_LINES]))
    return made


@pytest.fixture(scope="module")
def reference(folder: Path) -> dict[str, list[Finding]]:
    """The findings of the command `detect-secrets scan` in each file."""
    command = [sys.executable, "-m", "detect_secrets", "scan", "--all-files", "--no-verify", "--", *NAMES]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)["results"]
    return {
        name: sorted(Finding(secret["line_number"], secret["type"], secret["hashed_secret"]) for secret in secrets)
        for name, secrets in found.items()
    }


def test_every_kind_of_secret_is_found(tmp_path: Path) -> None:
    """Each kind of secret that detect-secrets knows is found, except addresses, which a default filter drops."""
    assert set(LINES) == set(get_mapping_from_secret_type_to_class())
    (tmp_path / "a.md").write_text("\n".join(LINES.values()))
    found = {(finding.line, finding.kind) for finding in scan(tmp_path, ["a.md"])["a.md"]}
    assert {kind for line, kind in enumerate(LINES, start=1) if (line, kind) not in found} == {"Public IP (ipv4)"}


@pytest.mark.parametrize("name", NAMES)
def test_findings_are_those_of_detect_secrets(folder: Path, reference: dict[str, list[Finding]], name: str) -> None:
    """In every kind of file the findings are those of `detect-secrets scan`, and accepted lines are accepted."""
    assert len(reference[name]) > len(LINES) / 2
    assert scan(folder, [name]) == {name: reference[name]}


def test_equal_lines_are_searched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each different line is searched by the plugins once, which is what makes the scan fast."""
    check = Mock(return_value=False)
    monkeypatch.setattr(secret_scanner, "line_checks", lambda: [check])
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text("of this test only\nthis too\n" * 50)
    scan(tmp_path, ["a.md", "b.md"])
    assert check.call_count == 2
