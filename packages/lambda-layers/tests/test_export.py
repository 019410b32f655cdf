"""Poetry's export: names, versions, markers, hashes, paths and commits."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lambda_layers.errors import LayersError
from lambda_layers.locks.pin import Pin
from lambda_layers.locks.requirements_file import parse
from lambda_layers.poetry.export import export
from lambda_layers.subprocesses import find_tool
from tests.root import ROOT


def test_a_pin_keeps_its_marker_and_hashes() -> None:
    """A pin has a canonical name, its marker, and sorted hashes."""
    text = 'My_Package==1.0 ; python_version >= "3.12" \\\n    --hash=sha256:bb \\\n    --hash=sha256:aa\n'
    assert parse(text, Path("/p")) == [
        Pin("my-package", "1.0", 'python_version >= "3.12"', ("sha256:aa", "sha256:bb")),
    ]


def test_an_extra_is_no_part_of_the_name() -> None:
    """A pin's name does not include extras, since uv gets the complete closure."""
    assert parse("a[b,c]==1\n", Path("/p")) == [Pin("a", "1")]


def test_options_and_comments_are_no_packages() -> None:
    """Index options and comments of the export are ignored."""
    assert parse("--index-url https://example.org/simple\n# note\n\na==1\n", Path("/p")) == [Pin("a", "1")]


def test_a_path_is_relative_to_the_project() -> None:
    """A path is relative to the project, so that a build's key does not depend on the project's folder."""
    (pin,) = parse('own @ file:///home/me/project/libs/own ; python_version >= "3.12"\n', Path("/home/me/project"))
    assert (pin.name, pin.url, pin.hashes) == ("own", "libs/own", ())


def test_a_commit_is_a_pin() -> None:
    """A git dependency is pinned to the lock's commit."""
    (pin,) = parse("own @ git+https://example.org/own.git@0123abc\n", Path("/p"))
    assert pin.url == "git+https://example.org/own.git@0123abc"


@pytest.mark.gate
@pytest.mark.parametrize("line", ["a>=1", "a", "a @@ b"])
def test_an_unpinned_requirement_is_rejected(line: str) -> None:
    """A requirement without a version is rejected, since a build resolves nothing."""
    with pytest.raises(LayersError, match=r"neither pinned|not a requirement"):
        parse(line, Path("/p"))


def test_an_editable_library_is_named_by_its_folder() -> None:
    """The layer has an editable library as an ordinary one."""
    text = '-e file:///home/me/project/libs/my%20own ; python_version >= "3.12"\n'
    (pin,) = parse(text, Path("/home/me/project"), {"libs/my own": "own"})
    assert (pin.name, pin.url, pin.marker) == ("own", "libs/my own", 'python_version >= "3.12"')


@pytest.mark.gate
def test_an_unknown_editable_folder_is_refused() -> None:
    """An editable folder that the lock does not name is rejected."""
    with pytest.raises(LayersError, match="does not name"):
        parse("-e file:///elsewhere\n", Path("/home/me/project"))


@pytest.fixture(scope="module")
def at_once() -> dict[str, list[Pin]]:
    """The export of this repository's groups in one Poetry process."""
    return export(ROOT, ["main", "echo"])


@pytest.mark.slow
@pytest.mark.parametrize("beside", ["nothing", "another Python"])
def test_both_ways_to_ask_poetry_agree(
    at_once: dict[str, list[Pin]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, beside: str
) -> None:
    """The export in one Poetry process equals the export by one command for each group."""
    assert [len(pins) > 2 for pins in at_once.values()] == [True, True]
    script = tmp_path / "poetry"
    script.write_text(f'#!/bin/sh\nexec "{find_tool("poetry", ROOT)}" "$@"\n')
    script.chmod(0o755)
    if beside != "nothing":
        (tmp_path / "python").symlink_to(sys.executable)
    monkeypatch.setattr("lambda_layers.poetry.export.find_tool", lambda *_: str(script))
    assert export(ROOT, ["main", "echo"]) == at_once
