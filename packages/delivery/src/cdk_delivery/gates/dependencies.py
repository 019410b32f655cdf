"""`python -m cdk_delivery.gates.dependencies`: find known vulnerabilities of the packages in the built layers.

pip-audit queries the OSV database about each package. It exits with 0 for a package that it could not audit, so the
gate checks the result of each package.
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
from typing import NotRequired, TypedDict

from lambda_layers.manifest import MANIFEST_PATH

from cdk_delivery import lockfile
from cdk_delivery.errors import WrongUse
from cdk_delivery.gates.accepted_vulnerabilities import VulnerabilityExceptions, line_of, read
from cdk_delivery.settings.placeholders import credentials_account, is_placeholder

SECONDS = 120


@dataclass(frozen=True)
class Audit:
    """The result of pip-audit. unknown: the packages that could not be audited.

    vulnerabilities: package -> ids and aliases of each of its vulnerabilities.
    """

    vulnerabilities: Mapping[str, Sequence[frozenset[str]]]
    unknown: Sequence[str]


def packages_of_layers(root: Path) -> list[str]:
    """Return `name==version` of every package in a layer. Raises WrongUse if no layers are built."""
    manifest = root / MANIFEST_PATH
    if not manifest.exists():
        raise WrongUse(f"there is no {manifest}; `make layers` builds them")
    layers = json.loads(manifest.read_text())["layers"]
    return sorted({f"{package['name']}=={package['version']}" for layer in layers for package in layer["packages"]})


def audit(packages: Sequence[str]) -> Audit:
    """Run pip-audit; its environment variables, such as PIP_AUDIT_OSV_URL, apply."""
    with tempfile.TemporaryDirectory() as folder:
        file, answer = Path(folder) / "shipped.txt", Path(folder) / "audit.json"
        file.write_text("\n".join(packages) + "\n")
        options = ["--progress-spinner", "off", "--disable-pip", "--no-deps", "--aliases", "on"]
        query = ["-s", "osv", "-r", str(file), "-f", "json", "-o", str(answer)]
        command = [sys.executable, "-m", "pip_audit", *options, *query]
        message = _run(command)
        if not answer.exists() or not answer.read_text().strip():
            print(f"dependencies: pip-audit: {message}", file=sys.stderr)
            return Audit({}, packages)
        return _read(json.loads(answer.read_text()), packages)


def _run(command: Sequence[str]) -> str:
    """Return the last line of its standard error; its exit status says no more than the file that it writes."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"no answer within {SECONDS} s"
    return (done.stderr.strip() or "no answer").splitlines()[-1]


class Vulnerability(TypedDict):
    id: str
    aliases: NotRequired[list[str]]


class AuditedPackage(TypedDict):
    name: str
    version: str
    vulns: NotRequired[list[Vulnerability]]


class AuditReport(TypedDict):
    """The JSON of pip-audit."""

    dependencies: list[AuditedPackage]


def _read(answer: AuditReport, packages: Sequence[str]) -> Audit:
    audited = {
        f"{dependency['name']}=={dependency['version']}": dependency["vulns"]
        for dependency in answer["dependencies"]
        if "vulns" in dependency
    }
    vulnerabilities = {
        name: [frozenset([vuln["id"], *vuln.get("aliases", ())]) for vuln in vulns]
        for name, vulns in audited.items()
        if vulns
    }
    return Audit(vulnerabilities, [name for name in packages if name not in audited])


def faults(result: Audit, exceptions: VulnerabilityExceptions, lock: lockfile.Lockfile = lockfile.POETRY) -> list[str]:
    """Return a line for each vulnerability that is not accepted, and for each exception without a vulnerability."""
    accepted = {exception.id for exception in exceptions.ignore}
    lines = [
        f"{package}: {', '.join(sorted(ids))}; update it (`{lock.update} {package.split('==')[0]}`)"
        for package, vulnerabilities in result.vulnerabilities.items()
        for ids in vulnerabilities
        if not ids & accepted
    ]
    known = frozenset[str]().union(
        *(ids for vulnerabilities in result.vulnerabilities.values() for ids in vulnerabilities)
    )
    if not result.unknown:
        lines += [
            f"{advisory}: no shipped package has it; remove the exception" for advisory in sorted(accepted - known)
        ]
    return lines


def main(root: Path) -> int:
    """Print the faults of the built layers. Return 0 without faults, 1 with faults, 2 for wrong settings."""
    try:
        exceptions, packages, lock = read(root), packages_of_layers(root), lockfile.of_project(root)
    except WrongUse as error:
        print(f"dependencies: {error}", file=sys.stderr)
        return 2
    result = audit(packages)
    fault_lines = [
        *_lenient_on_aws(root, exceptions, os.environ),
        *_expired(root, exceptions),
        *faults(result, exceptions, lock),
    ]
    for line in fault_lines:
        print(f"dependencies: {line}", file=sys.stderr)
    return int(bool(fault_lines) or _report_unaudited(root, result, packages, exceptions))


def _lenient_on_aws(root: Path, exceptions: VulnerabilityExceptions, environ: Mapping[str, str]) -> list[str]:
    """Return a fault for a build on AWS that would pass without the database, which is for rehearsals only."""
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
    """Print the packages that could not be audited. Return whether they make the gate fail."""
    if not result.unknown:
        return False
    red = exceptions.on_unreachable == "fail"
    where, verdict = (line_of(root, "on-unreachable"), "this is red") if red else ("warning", "let through")
    count = f"{len(result.unknown)} of {len(packages)} shipped packages could not be audited"
    setting = "on-unreachable in pyproject.toml [tool.dependency-gate]"
    print(f"dependencies: {where}: {count} ({', '.join(result.unknown)}): {verdict} ({setting})", file=sys.stderr)
    return red


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
