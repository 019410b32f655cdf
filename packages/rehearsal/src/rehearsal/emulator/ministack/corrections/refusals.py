"""Requests that AWS refuses and MiniStack accepts: states of stacks, and limits."""

from __future__ import annotations

from rehearsal.emulator.cloudformation import stack_states
from rehearsal.emulator.functions import limits
from rehearsal.emulator.logs import pages
from rehearsal.emulator.ministack.corrections.upstream import UNREDUCED
from rehearsal.emulator.ministack.patch import Correction, Patch

TESTS = "tests/emulator"
HANDLERS = "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS"
LAMBDA = "ministack.services.lambda_svc"
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
PAYLOADS = Correction(
    fault="A function is invoked with any payload, and answers with any.",
    test=f"{TESTS}/functions/test_limits.py::test_a_payload_has_a_limit",
    upstream=UNREDUCED,
    patches=(Patch(f"{LAMBDA}:_invoke", "sha256:ab193779e5c2ea94", limits.limit_payloads),),
)
FUNCTION_LIMITS = Correction(
    fault="A function may have any timeout, more than 4 KB of variables, and those that Lambda reserves.",
    test=f"{TESTS}/functions/test_limits.py::test_a_functions_configuration_has_limits",
    upstream=UNREDUCED,
    patches=(
        Patch(f"{LAMBDA}:_create_function", "sha256:e307eecdf0d8b51c", limits.limit_creation),
        Patch(f"{LAMBDA}:_update_config", "sha256:6999cb0695dace00", limits.limit_configuration),
        Patch(
            f"{HANDLERS}[AWS::Lambda::Function][create]",
            "sha256:8b2cf80e961d92ee",
            limits.provision_within_limits(limits.check_configuration),
        ),
        Patch(f"{HANDLERS}[AWS::Lambda::Function][update]", "sha256:4855410e37d7a80d", limits.change_within_limits),
    ),
)
QUEUE_VISIBILITY = Correction(
    fault="A queue that shows messages again before its function has timed out becomes an event source.",
    test=f"{TESTS}/functions/test_limits.py::test_a_queue_hides_messages_as_long_as_its_function_may_take",
    upstream=UNREDUCED,
    patches=(
        Patch(f"{LAMBDA}:_create_esm", "sha256:d351521bb6cdd30f", limits.limit_mappings),
        Patch(
            f"{HANDLERS}[AWS::Lambda::EventSourceMapping][create]",
            "sha256:f053a4e8c30c5543",
            limits.provision_within_limits(limits.check_visibility),
        ),
    ),
)
LOG_PAGES = Correction(
    fault="FilterLogEvents answers with everything in one page, and loses what is beyond 10,000 events.",
    test=f"{TESTS}/logs/test_pages.py::test_a_search_has_several_pages",
    upstream=UNREDUCED,
    patches=(
        Patch(
            "ministack.services.cloudwatch_logs:_filter_log_events", "sha256:9b3d13c713b5d3cb", pages.answer_in_pages
        ),
    ),
)
