"""The embedded AWS that enforces IAM, for all tests of this folder."""

from __future__ import annotations

import pytest

from tests.conftest import Embedded


@pytest.fixture(scope="session")
def embedded(enforced: Embedded) -> Embedded:
    return enforced
