"""`python -m cdk_delivery.gates.templates`: run cfn-lint on every template that `cdk synth` wrote.

A template without findings is not linted again until it changes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from itertools import batched
from pathlib import Path
from typing import TypedDict

from cdk_delivery.cloud_assembly import template_files
from cdk_delivery.gates.result_cache import ResultCache, digest

SETTINGS = ".cfnlintrc"
# Templates per command: a command line has room for so many names, whatever their length.
BATCH = 200


class Position(TypedDict):
    LineNumber: int
    ColumnNumber: int


class Location(TypedDict):
    Path: list[object] | None
    Start: Position


class Rule(TypedDict):
    Id: str


class Match(TypedDict):
    """A finding, as cfn-lint prints it."""

    Filename: str
    Location: Location
    Message: str
    Rule: Rule


class LinterError(Exception):
    """cfn-lint exited without JSON on its standard output: it did not lint the templates."""


def main(root: Path) -> int:
    """Print the findings. Return 0 without any, 1 with any or if cfn-lint failed, 2 without templates."""
    assembly = root / "cdk.out"
    templates = template_files(assembly)
    if not templates:
        print(f"templates: there is none in {assembly}; `make synth` writes them", file=sys.stderr)
        return 2
    settings = (root / SETTINGS).read_text() if (root / SETTINGS).exists() else ""
    digests = {path: digest(path.read_bytes(), version("cfn-lint"), settings) for path in templates}
    cache = ResultCache(root, "templates")
    clean = cache.read()
    changed = [str(path.relative_to(root)) for path in templates if digests[path] not in clean]
    try:
        matches = [match for batch in batched(changed, BATCH, strict=False) for match in _lint(root, batch)]
    except LinterError as error:
        print(f"templates: {error}", file=sys.stderr)
        return 1
    for match in matches:
        print(f"templates: {_line(root, match)}", file=sys.stderr)
    if not matches:
        cache.write(digests.values())
    return int(bool(matches))


def _lint(root: Path, names: Sequence[str]) -> Iterator[Match]:
    """Yield the findings of cfn-lint. Raises LinterError."""
    linter = str(Path(sys.executable).with_name("cfn-lint"))
    command = [linter, "--format", "json", "--template", *names]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    try:
        matches: list[Match] = json.loads(done.stdout)
    except ValueError:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-5:])
        raise LinterError(f"cfn-lint ended with {done.returncode} and did not lint: {last}") from None
    yield from matches


def _line(root: Path, match: Match) -> str:
    """Return the construct's path, the rule's id and message, and the place in the template."""
    file, location = match["Filename"], match["Location"]
    place = f"{file}:{location['Start']['LineNumber']}:{location['Start']['ColumnNumber']}"
    construct = _construct(root / file, location.get("Path") or [])
    return f"{construct or place}: {match['Rule']['Id']} {match['Message']}" + (f" ({place})" if construct else "")


def _construct(template: Path, path: Sequence[object]) -> str:
    """Return the path of the construct whose resource the place is in; empty outside of resources."""
    if len(path) < 2 or path[0] != "Resources":
        return ""
    resource = json.loads(template.read_text())["Resources"].get(path[1], {})
    return str(resource.get("Metadata", {}).get("aws:cdk:path", ""))


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
