"""Fixtures of the delivery's tests."""

from __future__ import annotations

import atexit
import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# Skip the final GC pass: CDK's objects hold many cycles.
atexit.register(gc.freeze)

# The time of an example depends on the machine.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(scope="session", autouse=True)
def _no_cloud() -> Iterator[None]:
    """AWS settings of the user's environment never reach a test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "CDK_")) or name == "COLUMNS"]:
            patch.delenv(name)
        yield


def pytest_collection_finish() -> None:
    """Keep the imports' objects out of later garbage collections."""
    gc.freeze()
