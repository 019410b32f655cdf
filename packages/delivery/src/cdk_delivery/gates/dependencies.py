"""`python -m cdk_delivery.gates.dependencies`: no package that is shipped has a vulnerability that is known.

pip-audit asks the OSV database about each package of the built layers. It ends with 0 for a package that it could not
audit, so what it said of each is looked at here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lambda_layers.manifest import MANIFEST_PATH

from cdk_delivery import lockfile
from cdk_delivery.errors import WrongUse
from cdk_delivery.gates.accepted_vulnerabilities import VulnerabilityExceptions, line_of, read
from cdk_delivery.settings.placeholders import credentials_account, is_placeholder

SECONDS = 120


@dataclass(frozen=True)
class Audit:
    """found: package -> ids and aliases of each vulnerability; unknown: packages that nothing is known about."""

    found: Mapping[str, Sequence[frozenset[str]]]
    unknown: Sequence[str]


def packages_of_layers(root: Path) -> list[str]:
    """`name==version` of every package in a layer. Raises WrongUse where no layers are built."""
    manifest = root / MANIFEST_PATH
    if not manifest.exists():
        raise WrongUse(f"there is no {manifest}; `make layers` builds them")
    layers = json.loads(manifest.read_text())["layers"]
    return sorted({f"{package['name']}=={package['version']}" for layer in layers for package in layer["packages"]})


def audit(packages: Sequence[str]) -> Audit:
    """Ask pip-audit, whose own settings of the environment (PIP_AUDIT_OSV_URL) hold."""
    with tempfile.TemporaryDirectory() as folder:
        file, answer = Path(folder) / "shipped.txt", Path(folder) / "audit.json"
        file.write_text("\n".join(packages) + "\n")
        quiet = ["--progress-spinner", "off", "--disable-pip", "--no-deps", "--aliases", "on"]
        asked = ["-s", "osv", "-r", str(file), "-f", "json", "-o", str(answer)]
        command = [sys.executable, "-m", "pip_audit", *quiet, *asked]
        said = _run(command)
        if not answer.exists() or not answer.read_text().strip():
            print(f"dependencies: pip-audit: {said}", file=sys.stderr)
            return Audit({}, packages)
        return _read(json.loads(answer.read_text()), packages)


def _run(command: Sequence[str]) -> str:
    """Return its last line; its exit status has no more information than its answer."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"no answer within {SECONDS} s"
    return (done.stderr.strip() or "no answer").splitlines()[-1]


def _read(answer: Mapping[str, Any], packages: Sequence[str]) -> Audit:
    audited = {
        f"{each['name']}=={each['version']}": each["vulns"] for each in answer["dependencies"] if "vulns" in each
    }
    found = {
        name: [frozenset([each["id"], *each.get("aliases", ())]) for each in vulns]
        for name, vulns in audited.items()
        if vulns
    }
    return Audit(found, [name for name in packages if name not in audited])


def faults(result: Audit, exceptions: VulnerabilityExceptions, lock: lockfile.Lockfile = lockfile.POETRY) -> list[str]:
    """Yield a line for each vulnerability without an acceptance, and for each unused exception."""
    accepted = {each.id for each in exceptions.ignore}
    lines = [
        f"{package}: {', '.join(sorted(ids))}; update it (`{lock.update} {package.split('==')[0]}`)"
        for package, vulnerabilities in result.found.items()
        for ids in vulnerabilities
        if not ids & accepted
    ]
    known = frozenset[str]().union(*(ids for each in result.found.values() for ids in each))
    if not result.unknown:
        lines += [f"{each}: no shipped package has it; remove the exception" for each in sorted(accepted - known)]
    return lines


def main(root: Path) -> int:
    """0: nothing known; 1: red; 2: wrong use."""
    try:
        exceptions, packages, lock = read(root), packages_of_layers(root), lockfile.of_project(root)
    except WrongUse as error:
        print(f"dependencies: {error}", file=sys.stderr)
        return 2
    result = audit(packages)
    wrong = [*_open_gate(root, exceptions, os.environ), *_expired(root, exceptions), *faults(result, exceptions, lock)]
    for line in wrong:
        print(f"dependencies: {line}", file=sys.stderr)
    return int(bool(wrong) or _report_unaudited(root, result, packages, exceptions))


def _open_gate(root: Path, exceptions: VulnerabilityExceptions, environ: Mapping[str, str]) -> list[str]:
    """A build on AWS reaches the database, so a gate that passes without it would only hide that it did not."""
    account = environ.get("CODEBUILD_BUILD_ARN", "") and credentials_account(environ)
    if exceptions.on_unreachable == "fail" or not account or is_placeholder(account):
        return []
    return [f'{line_of(root, "on-unreachable")}: on-unreachable = "warn" is for rehearsals; on AWS set "fail"']


def _expired(root: Path, exceptions: VulnerabilityExceptions) -> list[str]:
    return [
        f"{line_of(root, exception.id)}: {exception.id}: its exception ended on {exception.expires}; update the"
        " package, or look again and give a new day"
        for exception in exceptions.expired(datetime.now(UTC).date())
    ]


def _report_unaudited(root: Path, result: Audit, packages: Sequence[str], exceptions: VulnerabilityExceptions) -> bool:
    """Say what could not be audited; whether that is red."""
    if result.unknown:
        red = exceptions.on_unreachable == "fail"
        told = f"{len(result.unknown)} of {len(packages)} shipped packages could not be audited"
        where, then = (line_of(root, "on-unreachable"), "this is red") if red else ("warning", "let through")
        why = "on-unreachable in pyproject.toml [tool.dependency-gate]"
        print(f"dependencies: {where}: {told} ({', '.join(result.unknown)}): {then} ({why})", file=sys.stderr)
    return bool(result.unknown) and exceptions.on_unreachable == "fail"


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
