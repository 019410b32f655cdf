"""Reading of buildspecs: where they are found, invalid ones, and on-failure."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.codebuild import buildspec, failure_action
from rehearsal.codebuild.buildspec import InvalidBuildspec, UnsupportedFeature
from tests.codebuild.case import run
from tests.root import ROOT

TINY = "version: 0.2\nphases: {build: {commands: [make]}}\n"


@pytest.mark.parametrize(
    "declared", ["", "ci/other.yml", TINY, '{"version": 0.2, "phases": {"build": {"commands": ["make"]}}}']
)
def test_a_buildspec_is_a_file_of_the_source_or_text(declared: str, tmp_path: Path) -> None:
    """A buildspec is a path in the source, buildspec.yml by default, or YAML or JSON text."""
    (tmp_path / "ci").mkdir()
    (tmp_path / (declared if declared.endswith("other.yml") else "buildspec.yml")).write_text(TINY)
    assert buildspec.load(declared, tmp_path).phases.build.commands == ("make",)


@pytest.mark.parametrize("declared", ["", "none.yml", "../outside.yml"])
def test_a_buildspec_that_is_not_in_the_source_is_named(declared: str, tmp_path: Path) -> None:
    """A path that does not exist, or leads out of the source, is an error that names it."""
    (tmp_path / "source").mkdir()
    (tmp_path / "outside.yml").write_text(TINY)
    with pytest.raises(InvalidBuildspec, match=declared or "buildspec.yml"):
        buildspec.load(declared, tmp_path / "source")


def test_a_buildspec_in_s3_is_refused(tmp_path: Path) -> None:
    """A buildspec in S3, which CodeBuild supports, is refused here."""
    with pytest.raises(UnsupportedFeature, match="lies in S3"):
        buildspec.load("arn:aws:s3:::bucket/buildspec.yml", tmp_path)


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("env: {git-credential-helper: yes}", "env.git-credential-helper"),
        ("proxy: {logs: yes}", "proxy.logs"),
    ],
)
def test_keys_without_effect_are_reported(section: str, key: str, tmp_path: Path) -> None:
    """The log names keys of a buildspec that have no effect here."""
    log = run(f"version: 0.2\nphases: {{}}\n{section}\n", {}, tmp_path).log
    assert f"rehearsal: {key}" in log
    assert "has no effect here" in log


@pytest.mark.parametrize(
    "text", ["[]", "a: [", "version: 0.2\nphases: {build: {commands: {run: make}}}", "phases: {}", ""]
)
def test_an_invalid_buildspec_is_an_error(text: str) -> None:
    """The error names the file."""
    with pytest.raises(InvalidBuildspec, match=r"^ci\.yml"):
        buildspec.parse(text, "ci.yml")


def test_a_variable_named_no_is_not_a_boolean() -> None:
    """YAML's boolean words, such as `NO`, stay names of variables."""
    spec = buildspec.parse("version: 0.2\nenv: {variables: {NO: 1}}\nphases: {}", "buildspec.yml")
    assert spec.env.variables == {"NO": "1"}


@given(count=st.integers(0, 100), pattern=st.sampled_from(["", "invalid+", ".*timed out.*", "a-b"]))
def test_retry_reads_its_count_and_its_pattern(count: int, pattern: str) -> None:
    """RETRY takes an optional pattern after its count, and its case does not matter."""
    read = failure_action.parse(f"Retry-{count}" + (f"-{pattern}" if pattern else ""))
    assert (read.action, read.retries) == ("RETRY", count)
    assert (read.pattern.pattern if read.pattern else "") == pattern


@given(st.text())
def test_whatever_on_failure_says_is_read_or_refused(text: str) -> None:
    """Any text is parsed as an allowed action, or is a ValueError."""
    try:
        read = failure_action.parse(text)
    except ValueError:
        return
    assert read.action in {"ABORT", "CONTINUE", "RETRY"}
    assert 0 <= read.retries <= failure_action.MOST_RETRIES


def test_a_buildspec_that_is_not_utf_8_is_an_error(tmp_path: Path) -> None:
    """The error names the file."""
    (tmp_path / "ci.yml").write_bytes("version: 0.2 # \u00e9".encode("latin-1"))
    with pytest.raises(InvalidBuildspec, match=r"^ci\.yml is not UTF-8"):
        buildspec.load("ci.yml", tmp_path)


def test_the_projects_own_buildspec_can_be_rehearsed() -> None:
    """This project's buildspec is valid and has build commands."""
    assert buildspec.load("", ROOT).phases.build.commands
