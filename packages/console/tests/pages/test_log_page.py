"""The page of a log: parts, phases, search, and logs that grow or cannot be read."""

from __future__ import annotations

import json
import time
from statistics import median
from typing import Any

import pytest

from pipeline_console.reads import log_file
from tests.builds import FAILED, Builds
from tests.conftest import Console
from tests.fake_aws import FakeAws, Refused, eventually
from tests.pipelines import Pipeline, Run, red


@pytest.fixture
def failed(aws: FakeAws) -> Run:
    """The attempt of a failed build."""
    execution = red()
    Pipeline(execution).serve(aws)
    return execution.runs[1]


def path(console: Console, run: Run) -> str:
    """Return the path of an attempt's log."""
    id_ = console.site.reads.executions()[0]["pipelineExecutionId"]
    return f"/executions/{id_}/actions/{run.id}/log"


def read(console: Console, run: Run, query: str = "") -> dict[str, Any]:
    """Return the response that the page's script reads."""
    found: dict[str, Any] = json.loads(console.get(f"{path(console, run)}/lines{query}").text)
    return found


def test_a_log_of_many_pages_is_read_in_parts(aws: FakeAws, console: Console, failed: Run) -> None:
    """The browser gets the requested lines and the total number of lines."""
    Builds(aws, page=100).add("synth:2", [f"line {n}" for n in range(5000)])
    eventually(lambda: bool(read(console, failed)["complete"]))
    found = read(console, failed, "?from=4321&count=3")
    assert (found["total"], found["lines"]) == (5000, [[[f"line {n}", ""]] for n in (4321, 4322, 4323)])
    assert len(aws.called("logs:GetLogEvents")) == 51


def test_phases_and_the_failed_command_are_sections(aws: FakeAws, console: Console, failed: Run) -> None:
    """Phases and the first failed command are sections with their line and status."""
    Builds(aws, page=4).add("synth:2", FAILED)
    eventually(lambda: bool(read(console, failed)["complete"]))
    marks = [(mark["name"], mark["kind"], mark["line"]) for mark in read(console, failed)["marks"]]
    assert ("BUILD", "begin", 6) in marks
    assert ("first failed command", "failed", 12) in marks
    ends = {mark["name"]: mark["status"] for mark in read(console, failed)["marks"] if mark["kind"] == "end"}
    assert ends == {"INSTALL": "SUCCEEDED", "BUILD": "FAILED"}


def test_a_log_is_followed_until_its_build_ends(
    aws: FakeAws, console: Console, failed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New lines are shown while the build runs, and the last ones after its end."""
    monkeypatch.setattr(log_file, "FOLLOW_SECONDS", 0.05)
    builds = Builds(aws)
    builds.add("synth:2", ["one"], running=True)
    eventually(lambda: read(console, failed)["total"] == 1)
    builds.logs["synth:2"].append("two")
    eventually(lambda: read(console, failed)["total"] == 2)
    builds.logs["synth:2"].append("three")
    builds.running.clear()
    eventually(lambda: bool(read(console, failed)["complete"]))
    assert read(console, failed)["total"] == 3


def test_a_search_finds_lines_in_any_case(aws: FakeAws, console: Console, failed: Run) -> None:
    """A search ignores case and returns line numbers, at most a thousand."""
    Builds(aws).add("synth:2", [*FAILED, *(f"match {n}" for n in range(1200))])
    eventually(lambda: bool(read(console, failed)["complete"]))
    found = json.loads(console.get(f"{path(console, failed)}/search?q=ERROR%3A+incompatible").text)
    assert found == {"lines": [9], "more": False}
    many = json.loads(console.get(f"{path(console, failed)}/search?q=match").text)
    assert (len(many["lines"]), many["more"]) == (1000, True)


def test_a_log_that_may_not_be_read_names_the_permission(aws: FakeAws, console: Console, failed: Run) -> None:
    """The page names the missing permission, and continues once it is granted."""
    Builds(aws).add("synth:2", ["line"])
    aws.refusals["logs:GetLogEvents"] = Refused(
        "AccessDeniedException", "kim is not authorized to perform: logs:GetLogEvents"
    )
    eventually(lambda: read(console, failed)["problem"] is not None)
    assert read(console, failed)["problem"]["action"] == "logs:GetLogEvents"
    aws.refusals.clear()
    eventually(lambda: bool(read(console, failed)["complete"]))


def test_a_log_beyond_its_limit_says_where_the_rest_is(
    aws: FakeAws, console: Console, failed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log beyond the size limit is truncated, and the page names the stream with the rest."""
    monkeypatch.setattr(log_file, "LARGEST", 5_000)
    Builds(aws, page=100).add("synth:2", [f"line {n}" for n in range(5000)])
    eventually(lambda: bool(read(console, failed)["complete"]))
    found = read(console, failed)
    assert "the rest of it is in builds, stream synth:2" in found["problem"]["message"]
    assert 0 < found["total"] < 1000


def test_half_of_a_character_is_replaced(aws: FakeAws, console: Console, failed: Run) -> None:
    """A lone surrogate, which JSON can have, is replaced."""
    Builds(aws).add("synth:2", ["a\ud800b"])
    eventually(lambda: bool(read(console, failed)["complete"]))
    assert read(console, failed)["lines"] == [[["a?b", ""]]]


def test_a_log_of_100_megabytes_does_not_block_other_pages(aws: FakeAws, console: Console, failed: Run) -> None:
    """While a log of 100 MB is read, other pages respond within half a second, and its first lines within seconds."""
    line = "x" * 990 + " {}"
    Builds(aws, page=1000).add("synth:2", [line.format(n) for n in range(100_000)])
    console.get(path(console, failed))
    eventually(lambda: len(read(console, failed)["lines"]) == 200, seconds=5)
    seconds = []
    while not read(console, failed)["complete"]:
        begin = time.monotonic()
        console.get("/")
        seconds.append(time.monotonic() - begin)
    assert read(console, failed, "?from=99999")["lines"] == [[[line.format(99_999), ""]]]
    assert median(seconds) < 0.5
    assert max(seconds) < 3.0
