"""`python -m cdk_delivery.gates.secrets`: find secrets in source files, except accepted findings."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from cdk_delivery.errors import WrongUse
from cdk_delivery.gates.result_cache import FOLDER, ResultCache, digest
from cdk_delivery.gates.secret_scanner import Finding, scan
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
# Part of the digests of clean files: another text makes every project scan all files again.
SCAN = "with files of every name"


def source_files(root: Path) -> Iterator[str]:
    """Yield every source file below `root`, without links: their targets are scanned by their own names."""
    build = root / "build"
    for top in sorted([*root.iterdir(), *(build.iterdir() if build.is_dir() else ())]):
        if top == build or top.is_symlink() or top.relative_to(root).as_posix() in GENERATED_PATHS:
            continue
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            name = path.relative_to(root).as_posix()
            if path.is_file() and not path.is_symlink() and not EXCLUDED_FILES.fullmatch(name):
                yield name


def unaccepted_secrets(root: Path) -> Iterator[str]:
    """Yield a line for each finding that the baseline does not accept."""
    scanner, harmless = f"{version('detect-secrets')}, {SCAN}", _accepted_digests(root)
    digests = {
        name: digest((root / name).read_bytes(), scanner, name, *harmless.get(name, ())) for name in source_files(root)
    }
    cache = ResultCache(root, "secrets")  # a scan of everything takes four processor seconds
    clean = cache.read()
    changed = [name for name, file_digest in digests.items() if file_digest not in clean]
    findings = {
        file: [finding for finding in found if finding.digest not in harmless.get(file, ())]
        for file, found in _scan(root, changed).items()
    }
    cache.write(file_digest for name, file_digest in digests.items() if not findings.get(name))
    for file, unaccepted in findings.items():
        for finding in unaccepted:
            yield f"{file}:{finding.line}: {finding.kind}"


def _accepted_digests(root: Path) -> dict[str, list[str]]:
    """Return file -> digests of its findings that were audited as harmless."""
    baseline = json.loads((root / BASELINE).read_text())["results"]
    return {
        file: sorted(secret["hashed_secret"] for secret in secrets if secret.get("is_secret") is False)
        for file, secrets in baseline.items()
    }


def _scan(root: Path, names: Sequence[str]) -> dict[str, list[Finding]]:
    """Return file -> what detect-secrets found in it, also in files that are not UTF-8."""
    undecodable = [name for name in names if not is_utf8((root / name).read_bytes())]
    findings = scan(root, sorted({*names} - {*undecodable}))
    with tempfile.TemporaryDirectory() as folder:
        texts = [name for name in undecodable if _write_utf8(root / name, Path(folder) / name)]
        return findings | scan(Path(folder), texts)


def _write_utf8(source: Path, copy: Path) -> bool:
    """Write a copy in UTF-8 that the scanner can read; False for a binary file."""
    text = decoded(source.read_bytes())
    if text is not None:
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text, encoding="utf-8")
    return text is not None


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
