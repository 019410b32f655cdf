"""Revisions, triggers and durations of executions, as text."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_console.views.execution import trigger_text
from pipeline_console.views.revisions import message, revision
from pipeline_console.views.times import duration


@pytest.mark.parametrize(
    ("summary", "shown"),
    [
        ('{"ProviderType":"GitHub","CommitMessage":"Add a basket\\n\\nWith a body"}', "Add a basket"),
        ("Add a basket\n\nbody", "Add a basket"),
        ('"text"', '"text"'),
        ("[" * 100_000, "[" * 100_000),
        ("", ""),
    ],
)
def test_a_connections_summary_is_its_commits_message(summary: str, shown: str) -> None:
    """The message is the first line of the commit's message, extracted from a connection's JSON."""
    assert message(summary) == shown


def test_only_web_addresses_become_links() -> None:
    """A URL with another scheme than HTTP does not become a link."""
    assert revision({"revisionId": "a", "revisionUrl": "javascript:alert(1)"}).url == ""
    assert revision({"revisionId": "a", "revisionUrl": "https://example.com/c"}).url == "https://example.com/c"
    assert revision({"revisionId": "01234567" * 5}).short == "01234567"


def test_a_caller_is_shown_by_name() -> None:
    """A caller is shown by the last part of its ARN."""
    trigger: Any = {"triggerType": "StartPipelineExecution", "triggerDetail": "arn:aws:sts::1:assumed-role/dev/kim"}
    assert trigger_text(trigger) == "started by assumed-role/dev/kim"
    assert trigger_text({"triggerType": "WebhookV2", "triggerDetail": "x"}) == "push"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.9, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (185, "3 min 05 s"),
        (7800, "2 h 10 min"),
        (1e6, "11 d 13 h"),
    ],
)
def test_durations_have_two_units_at_most(seconds: float, text: str) -> None:
    """A duration is rounded to at most two units."""
    assert duration(seconds) == text
