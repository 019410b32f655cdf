"""Requests that AWS refuses and MiniStack accepts: states of stacks, limits, principals that do not exist."""

from __future__ import annotations

from rehearsal.emulator.cloudformation import stack_states
from rehearsal.emulator.ministack.corrections.upstream import UNREDUCED
from rehearsal.emulator.ministack.patch import Correction, Patch

TESTS = "tests/emulator"
OPERATIONS = "ministack.services.cloudformation:_ACTION_HANDLERS"

STACK_STATES = Correction(
    fault="A change set updates a stack whose creation was rolled back, and a new stack takes its name.",
    test=f"{TESTS}/cloudformation/test_stack_states.py::test_a_stack_that_was_rolled_back_takes_no_change_set",
    upstream=UNREDUCED,
    patches=(
        Patch(f"{OPERATIONS}[CreateStack]", "sha256:84e0df897c75b4a0", stack_states.reject_creation),
        Patch(f"{OPERATIONS}[UpdateStack]", "sha256:6a6a6ca3db0d00d0", stack_states.reject_update),
        Patch(f"{OPERATIONS}[CreateChangeSet]", "sha256:06b31550065c78d5", stack_states.reject_change_set),
    ),
)
