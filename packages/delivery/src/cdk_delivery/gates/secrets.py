"""`python -m cdk_delivery.gates.secrets`: nothing that was pushed looks like a secret, unless it was accepted.

The source of a pipeline has no `.git`, where `detect-secrets scan` finds nothing without `--all-files`.
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
# What set-up, builds and rehearsals leave behind, by its whole name.
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
# What the builds of a pipeline that is deployed still bring along, though this push has none of it any more.
GENERATED_PATHS |= {".secrets_cache", ".cfnlint_cache"}
_BUILT = ("layers", "reports", "integration", "browser", "changes", "bench", "bench.json")
GENERATED_PATHS |= {f"build/{each}" for each in _BUILT}
# Locks hold hashes, and bytecode what its source holds.
EXCLUDED_FILES = re.compile(
    r"(poetry\.lock|uv\.lock|package-lock\.json|requirements-tools\.txt|\.secrets\.baseline)|.*\.pyc"
)
# Half of what Linux allows at least for arguments and environment (POSIX's ARG_MAX is 2 MB there, an argument 128 KB).
ARGUMENT_BYTES = 500_000
# The scanner's own ideas of which files hold no secret, by their names.
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
    """A line for each find that the baseline does not call harmless. Raises CalledProcessError where the scan fails."""
    scanner, harmless = version("detect-secrets"), _accepted_digests(root)
    digests = {
        name: digest((root / name).read_bytes(), scanner, name, *harmless.get(name, ())) for name in source_files(root)
    }
    remembered = ResultCache(root, "secrets")  # a scan of everything takes ten processor seconds
    clean = remembered.read()
    finds = {
        file: [each for each in secrets if each["hashed_secret"] not in harmless.get(file, ())]
        for file, secrets in _scan(root, [name for name, each in digests.items() if each not in clean]).items()
    }
    remembered.write(each for name, each in digests.items() if not finds.get(name))
    for file, secrets in finds.items():
        for each in secrets:
            yield f"{file}:{each['line_number']}: {each['type']}"


def _accepted_digests(root: Path) -> dict[str, list[str]]:
    """File -> digests of its audited, harmless findings."""
    baseline = json.loads((root / BASELINE).read_text())["results"]
    return {
        file: sorted(each["hashed_secret"] for each in secrets if each.get("is_secret") is False)
        for file, secrets in baseline.items()
    }


def _scan(root: Path, names: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    """File -> what detect-secrets found in it, also in files that are not UTF-8."""
    others = [name for name in names if not is_utf8((root / name).read_bytes())]
    found = _scan_utf8(root, sorted({*names} - {*others}))
    with tempfile.TemporaryDirectory() as folder:
        texts = [name for name in others if _write_utf8(root / name, Path(folder) / name)]
        return found | _scan_utf8(Path(folder), texts)


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
    found: dict[str, list[dict[str, str]]] = {}
    for portion in portions(names, ARGUMENT_BYTES):
        scanned = subprocess.run([*command, *portion], cwd=folder, capture_output=True, text=True, check=True)
        found |= json.loads(scanned.stdout)["results"]
    return found


def portions(names: Sequence[str], room: int) -> Iterator[list[str]]:
    """Divide names into lists that fit on a command line of `room` bytes."""
    portion, taken = list[str](), 0
    for name in names:
        size = len(os.fsencode(name)) + 1
        if portion and taken + size > room:
            yield portion
            portion, taken = [], 0
        portion.append(name)
        taken += size
    if portion:
        yield portion


def main(root: Path) -> int:
    """0: nothing; 1: red; 2: wrong use."""
    try:
        page = read_config(root).pages.security
    except WrongUse as error:
        print(f"secrets: {error}", file=sys.stderr)
        return 2
    if not (root / BASELINE).exists():
        made = f"{page} says how it is made" if page else "`detect-secrets scan` makes it"
        print(f"secrets: there is no {BASELINE} in {root}; {made}", file=sys.stderr)
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
