"""The console in a real Chromium."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline_console.reads import functions
from pipeline_console.views.functions import Alias, Share
from tests.browser.conftest import skip_or_fail
from tests.builds import FAILED, Builds
from tests.conftest import Console
from tests.decisions import serve_decisions
from tests.fake_aws import FakeAws, eventually
from tests.functions import BASKET, serve_functions
from tests.pages.test_approval_page import artifact
from tests.pipelines import START, Execution, Pipeline, Run, green, red, waiting
from tests.root import PACKAGE

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Any]
FIRST_PAINT = """() => new Promise((found) => new PerformanceObserver((list) => {
  for (const { name, startTime } of list.getEntries()) if (name === "first-contentful-paint") found(startTime);
}).observe({ type: "paint", buffered: true }))"""
PLANTED = '<img src=x onerror="document.title=1"><script>document.title=1</script>'


def shown(page: Any, text: str, seconds: float = 5) -> None:
    """Wait until the page shows a text."""
    page.get_by_text(text).first.wait_for(timeout=seconds * 1000)


def test_a_red_run_opens_at_the_first_error(aws: FakeAws, open_page: OpenPage) -> None:
    """The failing line is on the first screen; Enter copies the next command, and an update keeps "Copied"."""
    execution = red()
    pipeline = Pipeline(execution, green()).serve(aws)
    Builds(aws).add("synth:2", FAILED)
    page = open_page(f"/executions/{execution.id}", permissions=["clipboard-read", "clipboard-write"])
    assert page.locator(".excerpt .hit").bounding_box()["y"] < 900
    page.clock.install()
    page.clock.pause_at(time.time() + 3600)
    page.get_by_role("button", name="Copy the next command").press("Enter")
    shown(page, "Copied")
    pipeline.executions[0].message = "another message"
    shown(page, "another message", seconds=15)
    assert page.get_by_text("Copied").count() == 1
    page.clock.run_for(3000)
    assert page.get_by_text("Copied").count() == 0
    assert page.evaluate("navigator.clipboard.readText()") == "make types"


def test_a_page_follows_a_run_to_green(aws: FakeAws, open_page: OpenPage) -> None:
    """The page updates while open details stay open and the focus does not move."""
    execution = waiting()
    Pipeline(execution).serve(aws)
    Builds(aws)
    page = open_page(f"/executions/{execution.id}")
    deploy = page.locator("details.run", has_text="Deploy").first
    deploy.locator("summary").focus()
    page.keyboard.press("Enter")
    shown(page, "https://dev.example")
    execution.status, execution.runs[-1].status, execution.runs[-1].seconds = "Succeeded", "Succeeded", 60.0
    begin = time.monotonic()
    page.locator("main .status.Succeeded").first.wait_for(timeout=15_000)
    print(f"a change is shown after {time.monotonic() - begin:.2f} s")
    assert deploy.get_attribute("open") is not None
    assert deploy.locator("summary").evaluate("node => node === document.activeElement")


@pytest.mark.parametrize(("button", "status"), [("Approve 01234567", "Approved"), ("Reject", "Rejected")])
def test_an_approval_is_answered_on_the_page_of_its_changes(
    aws: FakeAws, open_page: OpenPage, button: str, status: str
) -> None:
    """An approval is answered with a comment, and the page keeps the comment while the pipeline changes."""
    pipeline = Pipeline(waiting()).serve(aws)
    aws.files["/artifacts/shop/Changes_Ou/abc"] = artifact()
    page = open_page("/")
    page.get_by_role("link", name="Review the changes").click()
    page.get_by_label("Comment").fill("as discussed")
    pipeline.executions[0].message = "another message"
    shown(page, "another message")
    assert page.get_by_label("Comment").input_value() == "as discussed"
    page.get_by_role("button", name=button).click()
    page.wait_for_url("**/executions/*")
    assert pipeline.answers == [{"status": status, "summary": "as discussed"}]


def test_an_approval_is_answered_by_one_of_two_browsers(aws: FakeAws, open_page: OpenPage) -> None:
    """Of two browsers that answer one approval, the second shows that nothing was changed."""
    pipeline = Pipeline(waiting()).serve(aws)
    first, second = open_page("/approvals/Prod/Approve"), open_page("/approvals/Prod/Approve")
    second.evaluate("document.body.dataset.still = 1")  # its page is not updated by the first answer
    first.get_by_role("button", name="Reject").click()
    first.wait_for_url("**/executions/*")
    second.get_by_role("button", name="Approve 01234567").click()
    shown(second, "Nothing was changed")
    assert [answer["status"] for answer in pipeline.answers] == ["Rejected"]


def test_a_failed_stage_is_retried(aws: FakeAws, open_page: OpenPage) -> None:
    """The retry button retries the failed stage."""
    execution = red()
    Pipeline(execution).serve(aws)
    Builds(aws).add("synth:2", FAILED)
    page = open_page(f"/executions/{execution.id}")
    page.get_by_role("button", name="Retry failed actions of Build").click()
    eventually(lambda: bool(aws.called("codepipeline:RetryStageExecution")))


def test_a_log_of_100_megabytes_is_followed_searched_and_linked(aws: FakeAws, open_page: OpenPage) -> None:
    """A log of 100 MB can be followed, searched and linked with fewer than a thousand elements."""
    execution = red()
    Pipeline(execution).serve(aws)
    lines = [f"{n} " + "x" * 480 for n in range(200_000)]
    lines[150_000] = "\x1b[31mneedle\x1b[0m in the log"
    Builds(aws).add("synth:2", lines)
    page = open_page(f"/executions/{execution.id}/actions/{execution.runs[1].id}/log#L199990")
    page.get_by_text("200,000 lines").wait_for(timeout=60_000)
    page.locator("#L199990, .line.target").first.wait_for()
    assert page.locator(".line.target").inner_text().startswith("199990")
    page.keyboard.press("/")
    page.keyboard.type("NEEDLE")
    page.keyboard.press("Enter")
    shown(page, "1 of 1", 20)
    assert page.locator(".line.target .fg1").inner_text() == "needle"
    assert page.locator("#lines *").count() < 1000


def test_planted_markup_stays_text(aws: FakeAws, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Markup in logs, messages, names, summaries, variables, reasons, decisions and reports is shown as text."""
    execution = waiting(message=PLANTED)
    execution.runs[1].summary = execution.runs[2].summary = PLANTED
    execution.runs[2].variables = {"BranchName": PLANTED, "StackName": PLANTED}
    failed = red(message=PLANTED)
    failed.runs[1].summary = PLANTED
    pipeline = Pipeline(execution, failed).serve(aws)
    pipeline.disabled["Dev"] = (PLANTED, PLANTED)
    builds = Builds(aws)
    builds.add("synth:1", [PLANTED, f"\x1b[31m{PLANTED}"])
    builds.add("synth:2", [*FAILED[:9], f"a.py:1: error: {PLANTED}", *FAILED[10:]])
    aws.files["/artifacts/shop/Changes_Ou/abc"] = artifact(PLANTED)
    serve_functions(aws, pipeline, monkeypatch)
    place = dataclasses.replace(BASKET.place, stack=PLANTED)
    monkeypatch.setattr(functions, "read", lambda *_: dataclasses.replace(BASKET, place=place, runtime=PLANTED))
    decisions = serve_decisions(aws, monkeypatch)
    decisions.append(dataclasses.replace(decisions[1], action=PLANTED, resource=PLANTED, why=PLANTED))
    log = f"/executions/{execution.id}/actions/{execution.runs[1].id}/log"
    pages = [
        "/",
        f"/executions/{execution.id}",
        f"/executions/{failed.id}",
        "/approvals/Prod/Approve",
        "/executions",
        "/functions",
        "/permissions",
        log,
    ]
    page = open_page("/")
    for path in pages:
        page.goto(path)
        shown(page, "onerror=")
        page.wait_for_timeout(200)
        assert page.title() != "1"
        assert page.locator("img, main script:not([src])").count() == 0


def test_the_bar_of_an_alias_moves_while_traffic_shifts(
    aws: FakeAws, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bar of an alias changes with its weights, without a change of the pipeline's state."""
    serve_functions(aws, Pipeline(waiting()).serve(aws), monkeypatch)
    page = open_page("/functions")
    page.locator('.weights rect[width="90.0"]').wait_for()
    begin = time.monotonic()
    monkeypatch.setattr(functions, "aliases", lambda *_: (Alias("live", (Share("7", 60.0), Share("8", 40.0))),))
    page.locator('.weights rect[width="60.0"]').wait_for(timeout=5000)
    print(f"the bar has moved after {time.monotonic() - begin:.2f} s")
    shown(page, "version 8 40%")


def test_weights_that_do_not_move_are_not_read_again(
    aws: FakeAws, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An open page reads no weights while no execution runs and one version has all traffic."""
    unshifted = dataclasses.replace(BASKET, aliases=(Alias("live", (Share("7", 100.0),)),))
    serve_functions(aws, Pipeline(green()).serve(aws), monkeypatch)
    monkeypatch.setattr(functions, "read", lambda *_: unshifted)
    page = open_page("/functions")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert [url for url in asked if "weights" in url] == []


def test_a_console_that_was_killed_is_reported_and_the_page_recovers(
    aws: FakeAws, console: Console, open_page: OpenPage
) -> None:
    """The page reports a stopped console, and shows its state again without a reload."""
    pipeline = Pipeline(waiting()).serve(aws)
    page = open_page("/")
    console.stop()
    shown(page, "The console does not answer")
    pipeline.executions[0].message = "changed meanwhile"
    console.start()
    shown(page, "changed meanwhile", 15)
    page.locator("#notice").wait_for(state="hidden")


def test_an_aws_that_does_not_answer_is_reported_and_the_page_recovers(aws: FakeAws, open_page: OpenPage) -> None:
    """The page reports that AWS does not respond, and recovers once it does."""
    Pipeline(green()).serve(aws)
    page = open_page("/")
    aws.stop()
    shown(page, "AWS does not answer", 10)
    aws.start()
    page.locator(".stage").first.wait_for(timeout=15_000)
    page.locator("#notice").wait_for(state="hidden", timeout=15_000)


def test_an_aws_that_throttles_is_reported(aws: FakeAws, console: Console, open_page: OpenPage) -> None:
    """The page reports that AWS throttles, with the longer polling interval."""
    Pipeline(green()).serve(aws)
    page = open_page("/")
    console.site.aws.throttled_at = time.monotonic()
    console.site.watch.version += 1
    shown(page, "AWS throttles: this console asks every 6 s.", 15)
    assert page.locator(".stage").count() == 4


def test_a_hundred_environments_are_on_the_first_page(aws: FakeAws, open_page: OpenPage) -> None:
    """The first page shows a hundred environments and two hundred executions; the test prints the first paint."""
    stages = [("Source", ("Source",)), *((f"Env{n:03}", ("Deploy", "Test")) for n in range(100))]
    runs = [Run("Source", "Source", 0, 1)]
    runs += [Run(f"Env{n:03}", name, 2 + n, 1) for n in range(100) for name in ("Deploy", "Test")]
    executions = [Execution(runs=runs, start=START - n * 900) for n in range(200)]
    Pipeline(*executions, stages=stages).serve(aws)
    page = open_page("/")
    page.reload()
    print(f"first paint with 100 environments: {page.evaluate(FIRST_PAINT):.0f} ms")
    assert page.locator(".stage").count() == 101


@pytest.mark.gate
def test_a_browser_that_is_required_and_missing_is_red() -> None:
    """A missing browser fails the tests in CI; elsewhere they are skipped with the command that installs it."""
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        skip_or_fail("apt-get install chromium", required=True)
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium"):
        skip_or_fail("apt-get install chromium", required=False)


def test_no_file_of_the_console_names_another_host() -> None:
    """No script, style or template of the wheel has the URL of another host."""
    folder = PACKAGE / "src" / "pipeline_console" / "pages"
    files: list[Path] = [*folder.rglob("*.js"), *folder.rglob("*.css"), *folder.rglob("*.html")]
    found = {file.name: re.findall(r"https?://[^\s\"'<>]+", file.read_text()) for file in files}
    assert {name: urls for name, urls in found.items() if urls} == {}
