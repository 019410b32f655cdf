"""The page of permissions in a rehearsal."""

from __future__ import annotations

import json

import pytest

from pipeline_console.pages.site import Options
from pipeline_console.views.decision import Decision
from tests.conftest import Console
from tests.decisions import ROLE, serve_decisions
from tests.fake_aws import FakeAws
from tests.pipelines import Pipeline, green


@pytest.fixture
def decisions(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> list[Decision]:
    """The decisions of a rehearsal."""
    Pipeline(green()).serve(aws)
    return serve_decisions(aws, monkeypatch)


@pytest.mark.usefixtures("decisions")
def test_a_role_has_what_it_used_never_used_and_was_denied(console: Console) -> None:
    """A role's used, unused and denied permissions are shown, with the missing statement to copy."""
    page = console.get("/permissions").text
    assert "1 denied" in page
    assert "<code>s3:GetObject</code>" in page
    assert page.index("Never used") < page.index("<code>sns:Publish</code>")
    assert "&#34;Action&#34;: &#34;sqs:SendMessage&#34;" in page
    assert "builds ran on this machine" in page


def test_new_decisions_are_followed(console: Console, decisions: list[Decision]) -> None:
    """Each decision is read once; a restarted rehearsal starts again from the first."""
    assert json.loads(console.get("/permissions/decisions?from=1").text)["total"] == 2
    decisions.append(Decision(ROLE, "s3:PutObject", "*", allowed=True))
    found = json.loads(console.get("/permissions/decisions?from=2").text)
    assert [decision["action"] for decision in found["decisions"]] == ["s3:PutObject"]
    del decisions[1:]
    assert json.loads(console.get("/permissions/decisions").text)["total"] == 1


def test_another_version_of_the_format_is_named(aws: FakeAws, console: Console) -> None:
    """An unknown format version is an error that names the version."""
    Pipeline(green()).serve(aws)
    aws.rehearsal = lambda _: {"version": 2}
    assert "version 2 is not known" in console.get("/permissions").text


class TestOnAws:
    """A console of a pipeline on AWS."""

    @pytest.fixture
    def options(self) -> Options:
        """Default options, since AWS has no log of decisions."""
        return Options()

    def test_decisions_are_known_in_a_rehearsal_only(self, aws: FakeAws, console: Console) -> None:
        """On AWS the page says that it needs a rehearsal, and no page links to it."""
        Pipeline(green()).serve(aws)
        answer = console.get("/permissions")
        assert (answer.status, "in a rehearsal only" in answer.text) == (404, True)
        assert 'href="/permissions"' not in console.get("/").text
