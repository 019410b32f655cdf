"""`approve` and `reject`: which approval is answered, and the error if another caller was faster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rehearsal.commands import approve
from rehearsal.errors import WrongUse
from rehearsal.project.git_repository import Repository
from tests.commands.another import NAME, action, another, source
from tests.commands.conftest import Tiny, until


@pytest.fixture
def asks(tiny: Tiny) -> Iterator[Tiny]:
    """The tiny project with a pipeline that waits for two approvals."""
    approvals = [action(name, "Approval", "Manual") for name in ("Legal", "Security")]
    repository = Repository(tiny.root, tiny.space.home)
    repository.push(repository.head, tiny.space.remote, "main")
    with another(tiny, {"name": "Source", "actions": [source()]}, {"name": "Gate", "actions": approvals}):
        until(lambda: len(waiting(tiny)) == len(approvals))  # its creation has started it
        yield tiny


def waiting(tiny: Tiny) -> list[approve.WaitingApproval]:
    return approve._waiting_approvals(tiny.space, NAME)


def started(tiny: Tiny) -> str:
    """Start a second execution, which does not reach the approvals, and return its id."""
    return str(tiny.deployed.api().start_pipeline_execution(name=NAME)["pipelineExecutionId"])


def about(tiny: Tiny) -> str:
    """Return the waiting execution and its revision, as the command prints them."""
    (execution,) = {approval.execution for approval in waiting(tiny)}
    return f"execution {execution}, revision {Repository(tiny.root, tiny.space.home).head[:8]}"


def test_one_of_several_is_answered_by_its_name(asks: Tiny) -> None:
    """An approval is named with or without its stage, and the other approval keeps waiting."""
    execution = about(asks)
    assert asks.call("approve", "Gate/Legal") == (0, f"Gate/Legal: Approved, {execution}\n")
    code, printed = asks.call("approve", "Legal")
    assert code == 2
    assert "Legal: no actions have that name; there are Gate/Security" in printed
    assert asks.call("reject", "Security", "-m", "not on a Friday") == (0, f"Gate/Security: Rejected, {execution}\n")


def test_without_a_name_all_are_answered(asks: Tiny) -> None:
    """Without a name, all waiting approvals are answered and printed."""
    execution = about(asks)
    expected = f"Gate/Legal: Approved, {execution}\nGate/Security: Approved, {execution}\n"
    assert asks.call("approve") == (0, expected)


def test_an_execution_can_be_named(asks: Tiny) -> None:
    """With `--execution`, approvals of other executions are not answered."""
    (execution,) = {approval.execution for approval in waiting(asks)}
    other = started(asks)
    code, printed = asks.call("approve", "--execution", other)
    assert code == 2
    assert f"nothing in {other} waits for an approval" in printed
    assert asks.call("approve", "--execution", execution)[0] == 0


def test_an_answer_never_counts_for_another_execution() -> None:
    """If several executions wait at one action, as in PARALLEL mode, the command asks for `--execution`."""
    both = [approve.WaitingApproval("Gate", "Legal", f"token-{name}", name, "abc") for name in ("one", "two")]
    with pytest.raises(WrongUse, match=r"several executions wait at Gate/Legal: execution one, .*--execution"):
        approve._chosen(both, "Legal")
    with pytest.raises(WrongUse, match="several executions"):
        approve._chosen(both, None)
    assert approve._chosen(both[:1], None) == both[:1]


def test_a_second_answer_is_refused(asks: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    """If another caller answered first, the command says so and reports no approval."""
    before: Any = waiting(asks)
    monkeypatch.setattr(approve, "_waiting_approvals", lambda *_: before)
    assert asks.call("reject", "Legal")[0] == 0
    code, printed = asks.call("approve", "Legal")
    assert code == 2
    assert "Approved" not in printed
    assert "another caller was faster, or the approval does not wait any more: Gate/Legal" in printed
