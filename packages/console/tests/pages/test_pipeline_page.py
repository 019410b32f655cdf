"""The HTML page of the pipeline."""

from __future__ import annotations

from tests.conftest import Console
from tests.fake_aws import FakeAws
from tests.pipelines import Pipeline, green, red, waiting


def test_every_stage_shows_its_actions_and_the_execution_in_it(aws: FakeAws, console: Console) -> None:
    """Each stage shows its actions and its latest execution, with revision and message."""
    first, second = green(message="Add a basket"), red(message="Break it", commit="f" * 40)
    Pipeline(second, first).serve(aws)
    page = console.get("/").text
    for text in ("Source", "Synth", "CloudFormation", "Add a basket", "Break it", "ffffffff", second.id, first.id):
        assert text in page
    assert "build FAILED: exit status 2" in page


def test_a_closed_transition_says_who_closed_it_and_why(aws: FakeAws, console: Console) -> None:
    """A disabled transition shows who disabled it and why, and the execution that waits for it."""
    pipeline = Pipeline(waiting()).serve(aws)
    pipeline.disabled["Prod"] = ("arn:aws:iam::111111111111:user/kim", "freeze")
    pipeline.inbound["Prod"] = pipeline.executions[0]
    page = console.get("/").text
    assert "Transition closed" in page
    assert "freeze" in page
    assert "user/kim" in page
    assert "waits to enter" in page


def test_a_waiting_approval_is_on_every_page(aws: FakeAws, console: Console) -> None:
    """Every page has a link to the waiting approval."""
    pipeline = Pipeline(waiting()).serve(aws)
    for path in ("/", f"/executions/{pipeline.executions[0].id}"):
        assert "/approvals/Prod/Approve" in console.get(path).text
