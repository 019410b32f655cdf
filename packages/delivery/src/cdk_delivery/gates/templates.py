"""`python -m cdk_delivery.gates.templates`: run cfn-lint on every template that `cdk synth` wrote.

A template without findings is not read again until it changes; `cfn-lint` by itself reads all of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import batched
from pathlib import Path
from typing import Any

from cdk_delivery.cloud_assembly import template_files
from cdk_delivery.gates.result_cache import ResultCache, digest

SETTINGS = ".cfnlintrc"
# A command line has room for so many names, whatever their length.
BATCH = 200

Match = Mapping[str, Any]


class LinterError(Exception):
    """cfn-lint ended without findings in JSON: it did not read the templates."""


def main(root: Path) -> int:
    """0: nothing; 1: red; 2: no templates."""
    assembly = root / "cdk.out"
    templates = template_files(assembly)
    if not templates:
        print(f"templates: there is none in {assembly}; `make synth` writes them", file=sys.stderr)
        return 2
    settings = (root / SETTINGS).read_text() if (root / SETTINGS).exists() else ""
    digests = {path: digest(path.read_bytes(), version("cfn-lint"), settings) for path in templates}
    remembered = ResultCache(root, "templates")
    clean = remembered.read()
    changed = [str(path.relative_to(root)) for path in templates if digests[path] not in clean]
    try:
        matches = [match for batch in batched(changed, BATCH, strict=False) for match in _lint(root, batch)]
    except LinterError as error:
        print(f"templates: {error}", file=sys.stderr)
        return 1
    for match in matches:
        print(f"templates: {_line(root, match)}", file=sys.stderr)
    if not matches:
        remembered.write(digests.values())
    return int(bool(matches))


def _lint(root: Path, names: Sequence[str]) -> Iterator[Match]:
    """Yield what cfn-lint says of the templates. Raises LinterError."""
    linter = str(Path(sys.executable).with_name("cfn-lint"))
    command = [linter, "--format", "json", "--template", *names]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    try:
        found: list[Match] = json.loads(done.stdout)
    except ValueError:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-5:])
        raise LinterError(f"cfn-lint ended with {done.returncode} and did not lint: {last}") from None
    yield from found


def _line(root: Path, match: Match) -> str:
    """Return the path of the construct, the rule and what it says, with the place in the template."""
    file, location = match["Filename"], match["Location"]
    place = f"{file}:{location['Start']['LineNumber']}:{location['Start']['ColumnNumber']}"
    construct = _construct(root / file, location.get("Path") or [])
    return f"{construct or place}: {match['Rule']['Id']} {match['Message']}" + (f" ({place})" if construct else "")


def _construct(template: Path, path: Sequence[Any]) -> str:
    """The path of the construct whose resource the place is in; empty outside of resources."""
    if len(path) < 2 or path[0] != "Resources":
        return ""
    resource = json.loads(template.read_text())["Resources"].get(path[1], {})
    return str(resource.get("Metadata", {}).get("aws:cdk:path", ""))


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
