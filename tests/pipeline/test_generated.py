"""The generated files are current for the settings of cdk.json.

Synth cannot check files in ignored paths, since a push that repairs only them starts no run; `make pages` does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from cdk_delivery.access.policy_files import PolicyFiles
from cdk_delivery.generate.files import generated_files
from pipeline.stack import Settings
from rehearsal.engine.model.glob import matches
from tests.root import ROOT
from tests.synthesized import Synthesized

REMEDY = "not what the settings and the code generate; `make generate` writes them, then commit them"


def is_ignored(path: str) -> bool:
    """Return whether a push that changes only this file starts no run."""
    source = Settings.read(json.loads((ROOT / "cdk.json").read_text())["context"]["delivery"]).source
    return any(matches(pattern, path) for pattern in source.ignored_paths)


def stale(files: Mapping[str, str], *, ignored: bool) -> list[str]:
    """Return the files, ignored by pushes or not, whose committed text is not the generated one."""
    committed = {path: (ROOT / path).read_text() if (ROOT / path).exists() else "" for path in files}
    return [path for path, text in files.items() if committed[path] != text and is_ignored(path) == ignored]


@pytest.mark.gate
def test_it_is_current(synthesized_cdk_json: Synthesized) -> None:
    """Each generated file of a deployment is current, and no stale policy remains."""
    files = generated_files(ROOT, synthesized_cdk_json.folder)
    outdated = [*stale(files, ignored=False), *PolicyFiles.of(ROOT).stale(files)]
    assert not outdated, f"{', '.join(outdated)}: {REMEDY}"


@pytest.mark.gate
@pytest.mark.pages
def test_the_tables_of_pages_are_current(synthesized_cdk_json: Synthesized) -> None:
    """The tables of roles and costs in the pages are current."""
    outdated = stale(generated_files(ROOT, synthesized_cdk_json.folder), ignored=True)
    assert not outdated, f"{', '.join(outdated)}: {REMEDY}"


def test_the_access_files_are_never_ignored() -> None:
    """A push that changes a policy starts a run; a push that changes a page need not."""
    paths = ("pipeline/access/environment.json", "cdk.schema.json", "docs/security.md")
    assert [is_ignored(path) for path in paths] == [False, False, True]
