"""Pushes that start a pipeline: filters for branches, tags and file paths, and their globs."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.engine.model import glob
from rehearsal.engine.model.declaration import parse
from rehearsal.engine.model.definition import Filter, InvalidDefinition, Pipeline, Trigger
from rehearsal.engine.model.triggers import (
    PullRequest,
    Push,
    mismatch_reason,
    pull_request_mismatch_reason,
    push_mismatch_reason,
)
from tests.engine.conftest import action, declaration


def test_a_trigger_without_filters_follows_the_branch_of_the_source() -> None:
    """A trigger without filters starts only for pushes to the source's branch."""
    triggers = [{"providerType": "CodeStarSourceConnection", "gitConfiguration": {"sourceActionName": "source"}}]
    plain = parse(declaration([action("source", BranchName="main")], triggers=triggers))
    assert starts(plain, Push(branch="main"))
    assert not starts(plain, Push(branch="other"))
    assert not starts(plain, Push(tag="v1"))


def pipeline(*push: dict[str, Any], **configuration: Any) -> Pipeline:
    """Return a pipeline whose source follows main, with these push filters."""
    source = action("source", BranchName="main", **configuration)
    git = {"sourceActionName": "source", "push": list(push)}
    triggers = [{"providerType": "CodeStarSourceConnection", "gitConfiguration": git}]
    return parse(declaration([source], triggers=triggers if push else []))


def starts(pipeline: Pipeline, push: Push) -> bool:
    return mismatch_reason(pipeline, "source", push) is None


def branches(**criteria: list[str]) -> dict[str, Any]:
    return {"branches": criteria}


def test_without_filters_the_branch_of_the_source_starts_it() -> None:
    """A pipeline without filters does not start for another branch or for a tag."""
    plain = pipeline()
    assert starts(plain, Push(branch="main"))
    assert mismatch_reason(plain, "source", Push(branch="other")) == "source follows branch main, not branch other"
    assert not starts(plain, Push(tag="v1"))


def test_a_source_that_detects_no_changes_is_started_by_no_push() -> None:
    """No push starts a source whose DetectChanges is false."""
    assert "DetectChanges" in (mismatch_reason(pipeline(DetectChanges="false"), "source", Push(branch="main")) or "")


@pytest.mark.parametrize(
    ("branch", "started"), [("main", True), ("release/1", True), ("release/1/fix", False), ("x", False)]
)
def test_branches_are_filtered_by_globs(branch: str, started: bool) -> None:
    """A `*` in a branch filter does not match a slash."""
    assert starts(pipeline(branches(includes=["main", "release/*"])), Push(branch=branch)) is started


def test_excludes_win_over_includes() -> None:
    """A branch that matches both includes and excludes does not start the pipeline."""
    filtered = pipeline(branches(includes=["feature/**"], excludes=["feature/secret**"]))
    assert starts(filtered, Push(branch="feature/a/b"))
    assert not starts(filtered, Push(branch="feature/secret-plan"))


def test_excludes_alone_include_the_rest() -> None:
    """A filter that has only excludes includes every other branch."""
    filtered = pipeline(branches(excludes=["wip/**"]))
    assert starts(filtered, Push(branch="main"))
    assert not starts(filtered, Push(branch="wip/x"))


def test_branch_and_paths_must_both_match() -> None:
    """A filter needs a matching branch and at least one matching changed path."""
    filtered = pipeline(
        {**branches(includes=["main"]), "filePaths": {"includes": ["lambda/**"], "excludes": ["**/*.md"]}}
    )
    assert starts(filtered, Push(branch="main", paths=("README.md", "lambda/echo/main.py")))
    assert not starts(filtered, Push(branch="main", paths=("README.md", "lambda/echo/notes.md")))
    assert not starts(filtered, Push(branch="other", paths=("lambda/echo/main.py",)))


def test_one_filter_of_several_is_enough() -> None:
    """One matching filter starts the pipeline; without one, the reason names each filter."""
    filtered = pipeline(branches(includes=["main"]), {"tags": {"includes": ["v*"]}})
    assert starts(filtered, Push(branch="main"))
    assert starts(filtered, Push(tag="v1.2"))
    assert mismatch_reason(filtered, "source", Push(branch="x")) == (
        "branch x matches no filter of branches; the filter is for tags, not for branch x"
    )


def test_a_tag_starts_a_pipeline_that_filters_for_tags_alone() -> None:
    """A tag does not match a filter for branches, or an excluded tag."""
    assert not starts(pipeline(branches(includes=["**"])), Push(tag="v1"))
    assert not starts(pipeline({"tags": {"includes": ["v*"], "excludes": ["v0*"]}}), Push(tag="v0.1"))


def test_filters_for_pull_requests_alone_take_no_push() -> None:
    """A trigger that has only pull request filters does not start for a push."""
    git = {"sourceActionName": "source", "pullRequest": [{"events": ["OPEN"]}]}
    triggers = [{"providerType": "CodeStarSourceConnection", "gitConfiguration": git}]
    asked = parse(declaration([action("source", BranchName="main")], triggers=triggers))
    assert mismatch_reason(asked, "source", Push(branch="main")) == "the trigger has filters for pull requests only"


def test_a_push_starts_a_pipeline_by_any_of_its_git_sources() -> None:
    """One matching git source starts the pipeline; without one, the reason names each source."""
    main, other = action("a", BranchName="main"), action("b", Branch="other")
    for source, provider in ((main, "CodeStarSourceConnection"), (other, "GitHub")):
        source["actionTypeId"] = {"category": "Source", "provider": provider}
    both = parse(declaration([main, other, action("c")]))
    assert push_mismatch_reason(both, Push(branch="other")) is None
    assert push_mismatch_reason(both, Push(branch="x")) == (
        "a follows branch main, not branch x; b follows branch other, not branch x"
    )
    assert push_mismatch_reason(parse(declaration([action("c")])), Push(branch="x")) is None


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("*.java", "Main.java", True),
        ("*.java", "src/Main.java", False),
        ("*.*", "a.b", True),
        ("*.{java,class}", "A.class", True),
        ("*.{java,class}", "A.py", False),
        ("foo.?", "foo.c", True),
        ("foo.?", "foo.cc", False),
        ("**", "a/b/c", True),
        ("directory/**", "directory/a/b", True),
        ("directory/*", "directory/a/b", False),
        ("release**", "release/1/2", True),
        ("**.py", "a/b.py", True),
        ("{1..3}", "2", False),
        ("[a-c]x", "bx", True),
        ("[!a-c]x", "bx", False),
        ("[!a-c]x", "dx", True),
        ("[*?]", "*", True),
        ("[*?]", "a", False),
        ("[-a]", "-", True),
        (r"\*", "*", True),
        (r"\*", "a", False),
        ("v1.0", "v1x0", False),
        ("a,b", "a,b", True),
        ("a/[!b]c", "a//c", False),
    ],
)
def test_globs_match_as_codepipeline_documents_them(pattern: str, name: str, expected: bool) -> None:
    """Globs match the examples and rules of CodePipeline's page on glob patterns."""
    assert glob.matches(pattern, name) is expected


def test_a_filter_without_events_takes_every_pull_request() -> None:
    """A filter without events matches every pull request; a trigger with push filters only matches none."""
    event = PullRequest("CLOSED", "any", ("file",))
    every, none = Trigger("Repo", (), (Filter(None, None, None),)), Trigger("Repo", (Filter(None, None, None),), ())
    reasons = [
        pull_request_mismatch_reason(Pipeline("p", "", (), {}, triggers=(trigger,)), "Repo", event)
        for trigger in (every, none)
    ]
    assert reasons == [None, "Repo has no trigger with filters for pull requests"]


@pytest.mark.parametrize("pattern", ["[]", "[!]", "release-[z-a]"])
def test_an_invalid_glob_is_an_error_of_the_definition(pattern: str) -> None:
    """A pattern that is not a glob is reported with its text, instead of as a bug of the rehearsal."""
    with pytest.raises(InvalidDefinition, match="is not valid: correct it in the triggers") as error:
        starts(pipeline(branches(includes=[pattern])), Push(branch="main"))
    assert pattern in str(error.value)
