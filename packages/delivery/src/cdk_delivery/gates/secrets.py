"""`python -m cdk_delivery.gates.secrets`: find secrets in source files, except accepted findings.

The source of a pipeline has no folder `.git`: without one, `detect-secrets scan` needs `--all-files`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from cdk_delivery.errors import WrongUse
from cdk_delivery.gates.result_cache import FOLDER, ResultCache, digest
from cdk_delivery.gates.text_encodings import decoded, is_utf8
from cdk_delivery.project_config import read_config, see

BASELINE = ".secrets.baseline"
# Files and folders that set-up, builds and rehearsals write, by their path below the root.
GENERATED_PATHS = {
    ".git",
    ".venv",
    ".tools",
    "node_modules",
    "cdk.out",
    ".rehearsal",
    ".hypothesis",
    ".coverage",
    "dist",
    FOLDER,
}
GENERATED_PATHS |= {f".{tool}_cache" for tool in ("mypy", "ruff", "pytest", "import_linter")}
# Caches of earlier releases, which the builds of a deployed pipeline still restore.
GENERATED_PATHS |= {".secrets_cache", ".cfnlint_cache"}
_BUILT = ("layers", "reports", "integration", "browser", "changes", "bench", "bench.json", "pipelines")
GENERATED_PATHS |= {f"build/{folder}" for folder in _BUILT}
# Lock files contain hashes, which look like secrets. Bytecode contains what its source contains.
EXCLUDED_FILES = re.compile(
    r"(poetry\.lock|uv\.lock|package-lock\.json|requirements-tools\.txt|\.secrets\.baseline)|.*\.pyc"
)
# Bytes of file names on one command line: Linux allows 2 MB of arguments and environment by default (ARG_MAX).
ARGUMENT_BYTES = 500_000
# Filters of detect-secrets that skip files by their names.
DISABLED_FILTERS = ("is_lock_file", "is_non_text_file", "is_swagger_file")


def source_files(root: Path) -> Iterator[str]:
    """Yield every source file below `root`."""
    build = root / "build"
    for top in sorted([*root.iterdir(), *(build.iterdir() if build.is_dir() else ())]):
        if top == build or top.relative_to(root).as_posix() in GENERATED_PATHS:
            continue
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            name = path.relative_to(root).as_posix()
            if path.is_file() and not EXCLUDED_FILES.fullmatch(name):
                yield name


def unaccepted_secrets(root: Path) -> Iterator[str]:
    """Yield a line for each finding that the baseline does not accept. Raises CalledProcessError if the scan fails."""
    scanner, harmless = version("detect-secrets"), _accepted_digests(root)
    digests = {
        name: digest((root / name).read_bytes(), scanner, name, *harmless.get(name, ())) for name in source_files(root)
    }
    cache = ResultCache(root, "secrets")  # a scan of everything takes ten processor seconds
    clean = cache.read()
    changed = [name for name, file_digest in digests.items() if file_digest not in clean]
    findings = {
        file: [secret for secret in secrets if secret["hashed_secret"] not in harmless.get(file, ())]
        for file, secrets in _scan(root, changed).items()
    }
    cache.write(file_digest for name, file_digest in digests.items() if not findings.get(name))
    for file, secrets in findings.items():
        for secret in secrets:
            yield f"{file}:{secret['line_number']}: {secret['type']}"


def _accepted_digests(root: Path) -> dict[str, list[str]]:
    """Return file -> digests of its findings that were audited as harmless."""
    baseline = json.loads((root / BASELINE).read_text())["results"]
    return {
        file: sorted(secret["hashed_secret"] for secret in secrets if secret.get("is_secret") is False)
        for file, secrets in baseline.items()
    }


def _scan(root: Path, names: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    """Return file -> what detect-secrets found in it, also in files that are not UTF-8."""
    undecodable = [name for name in names if not is_utf8((root / name).read_bytes())]
    findings = _scan_utf8(root, sorted({*names} - {*undecodable}))
    with tempfile.TemporaryDirectory() as folder:
        texts = [name for name in undecodable if _write_utf8(root / name, Path(folder) / name)]
        return findings | _scan_utf8(Path(folder), texts)


def _write_utf8(source: Path, copy: Path) -> bool:
    """Write a copy in UTF-8 that the scanner can read; False for a binary file."""
    text = decoded(source.read_bytes())
    if text is not None:
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text, encoding="utf-8")
    return text is not None


def _scan_utf8(folder: Path, names: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    filters = [
        option
        for name in DISABLED_FILTERS
        for option in ("--disable-filter", f"detect_secrets.filters.heuristic.{name}")
    ]
    command = [sys.executable, "-m", "detect_secrets", "scan", "--all-files", "--no-verify", *filters, "--"]
    findings: dict[str, list[dict[str, str]]] = {}
    for portion in portions(names, ARGUMENT_BYTES):
        scanned = subprocess.run([*command, *portion], cwd=folder, capture_output=True, text=True, check=True)
        findings |= json.loads(scanned.stdout)["results"]
    return findings


def portions(names: Sequence[str], room: int) -> Iterator[list[str]]:
    """Divide names into lists that fit on a command line of `room` bytes."""
    portion, used = list[str](), 0
    for name in names:
        size = len(os.fsencode(name)) + 1
        if portion and used + size > room:
            yield portion
            portion, used = [], 0
        portion.append(name)
        used += size
    if portion:
        yield portion


def main(root: Path) -> int:
    """Print the findings that are not accepted. Return 0 without any, 1 with any, 2 for missing files or settings."""
    try:
        page = read_config(root).pages.security
    except WrongUse as error:
        print(f"secrets: {error}", file=sys.stderr)
        return 2
    if not (root / BASELINE).exists():
        remedy = f"{page} says how it is made" if page else "`detect-secrets scan` makes it"
        print(f"secrets: there is no {BASELINE} in {root}; {remedy}", file=sys.stderr)
        return 2
    faults = sorted(unaccepted_secrets(root))
    for fault in faults:
        print(f"secrets: {fault}", file=sys.stderr)
    if faults:
        print(
            "secrets: revoke what is a secret, and take it out of the history; where it is none, end its line with"
            f" `pragma: allowlist secret`, or put it into {BASELINE}{see(page)}",
            file=sys.stderr,
        )
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
