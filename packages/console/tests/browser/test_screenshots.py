"""Screenshots of the main pages in build/reports/console, from which the README's are copied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.builds import FAILED, Builds
from tests.decisions import serve_decisions
from tests.fake_aws import FakeAws
from tests.functions import serve_functions
from tests.pages.test_approval_page import artifact
from tests.pipelines import START, Pipeline, green, red, waiting
from tests.root import ROOT

FOLDER = ROOT / "build" / "reports" / "console"
LOG = [*FAILED[:8], "\x1b[32mruff\x1b[0m All checks passed!", *FAILED[8:]]


@pytest.mark.browser
def test_screenshots_of_the_main_pages(
    aws: FakeAws, open_page: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each main page has a screenshot, some in dark colors, with the same executions."""
    released = waiting(message="Show prices with tax", commit="ab12cd34" * 5)
    released.runs[3].stage, released.runs[3].action = "Prod", "Test"
    failed = red(message="Round prices to whole cents", commit="0c9d8e7f" * 5, start=START - 5000)
    done = green(message="Add a basket", start=START - 40_000)
    stages = (*Pipeline().stages[:3], ("Prod", ("Test", "Approve", "Deploy")))
    serve_functions(aws, Pipeline(released, failed, done, stages=stages).serve(aws), monkeypatch)
    serve_decisions(aws, monkeypatch)
    builds = Builds(aws)
    for id_ in ("synth:1", "synth:2", "test:1"):
        builds.add(id_, LOG)
    aws.files["/artifacts/shop/Changes_Ou/abc"] = artifact()
    log = f"/executions/{failed.id}/actions/{failed.runs[1].id}/log#L11"
    pages = {
        "pipeline": "/",
        "first-error": f"/executions/{failed.id}",
        "execution": f"/executions/{done.id}",
        "log": log,
        "approval": "/approvals/Prod/Approve",
        "history": "/executions",
        "functions": "/functions",
        "permissions": "/permissions",
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    page = open_page("/", viewport={"width": 1100, "height": 760})
    for name, path in pages.items():
        page.emulate_media(color_scheme="dark" if name in ("log", "history", "permissions") else "light")
        page.goto(path)
        page.wait_for_timeout(250)
        page.screenshot(path=str(FOLDER / f"{name}.png"))
    assert {file.stem for file in FOLDER.glob("*.png") if file.stat().st_size > 10_000} >= pages.keys()
