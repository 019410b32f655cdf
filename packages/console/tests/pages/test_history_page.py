"""The page of the history, and its JSON."""

from __future__ import annotations

import json

from tests.conftest import Console
from tests.fake_aws import FakeAws, Refused
from tests.pipelines import START, Pipeline, green, red


def test_two_hundred_executions_are_listed(aws: FakeAws, console: Console) -> None:
    """The latest 200 executions of several API pages are listed, newest first, with figures."""
    executions = [green(start=START - n * 3600, message=f"change {n}") for n in range(250)]
    Pipeline(*executions).serve(aws)
    page = console.get("/executions").text
    assert all(f"change {n}<" in page for n in range(200))
    assert "change 200<" not in page
    assert page.index("change 0<") < page.index("change 199<")
    assert "the latest 200</span>" in page
    assert "Lead time" in page


def test_the_history_is_available_as_json(aws: FakeAws, console: Console) -> None:
    """The JSON has the same executions and environments, with a format version."""
    good, bad = green(start=START - 100), red()
    Pipeline(bad, good).serve(aws)
    found = json.loads(console.get("/executions.json?days=7").text)
    assert (found["version"], [e["id"] for e in found["executions"]]) == (1, [bad.id, good.id])
    assert [e["environment"] for e in found["environments"]] == ["Dev", "Prod"]


def test_figures_that_may_not_be_read_leave_the_executions(aws: FakeAws, console: Console) -> None:
    """Without access to the figures the executions are listed, and the missing permission is named."""
    execution = green()
    Pipeline(execution).serve(aws)
    aws.refusals["codepipeline:ListActionExecutions"] = Refused("AccessDeniedException", "denied")
    page = console.get("/executions").text
    assert execution.id in page
    assert "Missing permission: <code>codepipeline:ListActionExecutions</code>" in page
