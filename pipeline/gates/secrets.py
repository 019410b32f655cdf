"""`python -m pipeline.gates.secrets`: nothing that was pushed looks like a secret, unless a person called it harmless.

The source of a pipeline has no `.git`, where `detect-secrets scan` finds nothing unless it is told to take all files.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

BASELINE = ".secrets.baseline"
# What set-up, builds and rehearsals leave behind.
MADE = {".git", ".venv", ".tools", "node_modules", "build", "cdk.out", ".rehearsal", ".hypothesis", "assembly"}
# Locks hold hashes, and bytecode what its source holds.
NOT_LOOKED_AT = r"(^|/)(poetry\.lock|package-lock\.json|requirements-tools\.txt|\.secrets\.baseline)$|\.pyc$"


def command(root: Path) -> list[str]:
    """The scan of all files of `root` that a person wrote."""
    paths = sorted(each.name for each in root.iterdir() if each.name not in MADE and not each.name.endswith("_cache"))
    scan = ["detect_secrets", "scan", "--all-files", "--no-verify", "--exclude-files", NOT_LOOKED_AT]
    return [sys.executable, "-m", *scan, *paths]


def unknown(root: Path) -> Iterator[str]:
    """A line for each find that the baseline does not call harmless. Raises CalledProcessError where the scan fails."""
    scanned = subprocess.run(command(root), cwd=root, capture_output=True, text=True, check=True)
    baseline = json.loads((root / BASELINE).read_text())["results"]
    for file, secrets in json.loads(scanned.stdout)["results"].items():
        harmless = {each["hashed_secret"] for each in baseline.get(file, []) if each.get("is_secret") is False}
        for each in secrets:
            if each["hashed_secret"] not in harmless:
                yield f"{file}:{each['line_number']}: {each['type']}"


def main(root: Path) -> int:
    """0: nothing; 1: red; 2: wrong use."""
    if not (root / BASELINE).exists():
        print(f"secrets: there is no {BASELINE} in {root}; docs/security.md says how it is made", file=sys.stderr)
        return 2
    faults = sorted(unknown(root))
    for fault in faults:
        print(f"secrets: {fault}", file=sys.stderr)
    if faults:
        print(
            "secrets: revoke what is a secret, and take it out of the history; where it is none, end its line with"
            f" `pragma: allowlist secret`, or put it into {BASELINE} (docs/security.md)",
            file=sys.stderr,
        )
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
