"""docs/add-a-function.md: what it adds is deployed and called in both accounts."""

from __future__ import annotations

import pytest

from tests.docs.page import Page
from tests.e2e.conftest import Project
from tests.root import ROOT

pytestmark = pytest.mark.e2e


def test_a_third_function_is_rehearsed(deployed: Project) -> None:
    """A folder and an entry are all that it takes."""
    Page(ROOT / "docs" / "add-a-function.md").follow(deployed.root, console=None)
    ran = deployed.run("--approve")
    assert ran.code == 0
    greeted = [
        (invocation["environment"], invocation["ok"])
        for invocation in ran.result["invocations"]
        if "Greet" in invocation["function"]
    ]
    assert greeted == [("Dev", True), ("Prod", True)]
