"""All commands of the engine in random order, under a controlled scheduler."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from rehearsal.engine.running.action_attempt import Attempt
from rehearsal.engine.running.execution_writer import ExecutionWriter
from rehearsal.engine.running.stage_lock import StageLock
from tests.engine.machine import EngineMachine

# `make soak` runs more of them.
EXAMPLES = int(os.environ.get("ENGINE_EXAMPLES", "200"))


def run(examples: int, **more: Any) -> None:
    checks = settings(
        max_examples=examples, stateful_step_count=40, deadline=None, suppress_health_check=[*HealthCheck], **more
    )
    run_state_machine_as_test(EngineMachine, settings=checks)


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Silence the log of runners that break on purpose."""
    caplog.set_level(logging.CRITICAL)


def test_whatever_clients_do_the_engine_keeps_its_promises() -> None:
    """No execution hangs, no stage holds two, no approval counts twice, and the journals match the API."""
    EngineMachine.reached.clear()
    run(EXAMPLES)
    expected = {"killed", "answered", "everything stopped", "status Succeeded", "status Cancelled"}
    assert expected <= EngineMachine.reached.keys()


def _lets_two_in(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(StageLock, "_next", lambda lock: [*lock._waiting.values()])


def _never_leaves(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ExecutionWriter, "attempt_ended", lambda *_: None)


def _ignores_a_stop(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Attempt, "cancel", lambda _: None)


def _loses_an_answer(patch: pytest.MonkeyPatch) -> None:
    def cancel(attempt: Attempt) -> None:
        attempt.answer = None
        attempt.stop.set()

    patch.setattr(Attempt, "cancel", cancel)
    patch.setattr(Attempt, "expire", cancel)


FAULTS = [_lets_two_in, _never_leaves, _ignores_a_stop, _loses_an_answer]


@pytest.mark.gate
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__.strip("_").replace("_", " "))
def test_an_engine_with_a_fault_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state machine finds an engine that admits two executions, never ends, ignores a stop or loses an answer."""
    plant(monkeypatch)
    with pytest.raises((AssertionError, BaseExceptionGroup), match=r"."):
        # Hypothesis draws constants of the imported modules, so the number of examples until the fault depends on them.
        run(3000, phases=[Phase.generate], derandomize=True)
