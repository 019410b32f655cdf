"""A real Chromium for the tests: the one of CHROMIUM or PATH, driven by playwright of `bin/setup browser`."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import Console
from tests.root import ROOT

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Parts of Chromium's own window: it renders their pages again for each page that a test opens.
WINDOW = "WebUIOmniboxPopup,WebUIOmniboxAimPopup"
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-gpu", f"--disable-features={WINDOW}"]
INSTALL = "apt-get install chromium; bin/setup browser"


def missing() -> str:
    """Return why no browser can be used, with the command that installs it; empty if one can."""
    if not chromium():
        return f"no Chromium was found by CHROMIUM or on PATH: {INSTALL}"
    return "" if driver_folder() else f"nothing drives Chromium: {INSTALL}"


def chromium() -> str:
    """Return the path of Chromium; empty if there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), "")


def driver_folder() -> str:
    """Return the folder of playwright; empty if it is not installed."""
    return next((str(folder) for folder in ROOT.glob("build/browser/lib/python*/site-packages")), "")


def skip_or_fail(reason: str, *, required: bool) -> None:
    """Skip the test, or fail it if the browser is required, as in CI."""
    if required:
        pytest.fail(f"CONSOLE_BROWSER=required, and {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A running Chromium."""
    if reason := missing():
        skip_or_fail(reason, required=os.environ.get("CONSOLE_BROWSER") == "required")
    sys.path.append(driver_folder())
    with importlib.import_module("playwright.sync_api").sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Any, console: Console) -> Iterator[Callable[..., Any]]:
    """Open a path of the console in a separate browser profile; no page may report an error or leave the console.

    A profile and its page take 0.3 s of processor time: a test of many paths goes on with `page.goto(path)`.
    """
    problems: list[str] = []
    contexts = []

    def opened(path: str = "/", **options: Any) -> Any:
        defaults = {"base_url": console.url, "viewport": {"width": 1280, "height": 900}}
        context = browser.new_context(**{**defaults, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if "Content Security Policy" in said.text else None)
        page.on("request", lambda asked: problems.extend([asked.url] * (not asked.url.startswith(console.url))))
        place, *line = path.split("#")
        page.goto("#".join([f"{place}?token={console.site.keys.token}", *line]))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []
