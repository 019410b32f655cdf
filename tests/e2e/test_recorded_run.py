"""The stages and actions of a whole run, compared with the record."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Ran
from tests.upgrade import runs

pytestmark = pytest.mark.e2e


def test_stages_and_actions_are_the_recorded_ones(first: Ran) -> None:
    """A run has the recorded stages, with the actions' names and providers in the recorded order."""
    report = runs.compare(runs.record(), runs.stages(first.result))
    assert not report, "\n".join(report)
