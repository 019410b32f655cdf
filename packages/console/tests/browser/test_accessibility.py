"""Accessibility of every page: on a phone, by keyboard, and by axe's rules for assistive technology."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.builds import FAILED, Builds
from tests.decisions import serve_decisions
from tests.fake_aws import FakeAws
from tests.functions import serve_functions
from tests.pages.test_approval_page import artifact
from tests.pipelines import Execution, Pipeline, green, red, waiting

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Any]


def every_page(aws: FakeAws, execution: Execution, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Serve the content of every page, and return the paths."""
    pipeline = Pipeline(waiting(), execution, green()).serve(aws)
    Builds(aws).add("synth:2", FAILED)
    aws.files["/artifacts/shop/Changes_Ou/abc"] = artifact()
    serve_functions(aws, pipeline, monkeypatch)
    serve_decisions(aws, monkeypatch)
    run = f"/executions/{execution.id}"
    log = f"{run}/actions/{execution.runs[1].id}/log"
    return ["/", run, log, "/executions", "/approvals/Prod/Approve", "/functions", "/permissions", "/executions/none"]


def test_a_phone_shows_every_page_without_scrolling_sideways(
    aws: FakeAws, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every page fits a screen of 390 pixels without horizontal scrolling."""
    execution = red(message="A message that is quite long, as messages of commits tend to be when they explain")
    paths = every_page(aws, execution, monkeypatch)
    page = open_page("/", viewport={"width": 390, "height": 844})
    for path in paths:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_keys_lead_through_the_console(aws: FakeAws, open_page: OpenPage) -> None:
    """Keys open pages, select rows, and open the list of keys."""
    Pipeline(red(), green()).serve(aws)
    page = open_page("/")
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.wait_for_url("**/executions")
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") != first
    page.keyboard.press("?")
    assert page.get_by_role("heading", name="Keys").is_visible()


def test_axe_finds_nothing_serious(aws: FakeAws, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    """axe finds no serious violation on any page with open details, and no low contrast in dark colors."""
    axe = importlib.import_module("axe_playwright_python.sync_playwright").Axe()
    paths = every_page(aws, red(), monkeypatch)
    page = open_page("/")
    for path in paths:
        page.emulate_media(color_scheme="light")
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        page.wait_for_timeout(200)
        assert serious(axe.run(page)) == [], path
        page.emulate_media(color_scheme="dark")
        assert serious(axe.run(page, options={"runOnly": ["color-contrast"]})) == [], f"{path}, dark"


def serious(found: Any) -> list[tuple[str, list[str]]]:
    """Return the seriously violated rules, with the elements that violate them."""
    broken = [rule for rule in found.response["violations"] if rule["impact"] in ("serious", "critical")]
    return [(rule["id"], [node["html"][:90] for node in rule["nodes"]]) for rule in broken]


@pytest.mark.gate
def test_axe_is_red_where_a_contrast_is_too_low(aws: FakeAws, open_page: OpenPage) -> None:
    """axe reports an element with low contrast, so that the test above can fail."""
    axe = importlib.import_module("axe_playwright_python.sync_playwright").Axe()
    Pipeline(green()).serve(aws)
    page = open_page("/")
    page.evaluate("document.querySelector('.brand').style.color = '#eef'")
    assert [rule for rule, _ in serious(axe.run(page))] == ["color-contrast"]
