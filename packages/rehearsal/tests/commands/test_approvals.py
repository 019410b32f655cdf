"""`approve` and `reject`: which action is answered, and the message where another answer was faster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rehearsal.commands import approve
from rehearsal.project.git_repository import Repository
from tests.commands.another import action, another, source
from tests.commands.conftest import Tiny, until


@pytest.fixture
def asks(tiny: Tiny) -> Iterator[Tiny]:
    """The tiny project with a pipeline that waits for two answers."""
    approvals = [action(name, "Approval", "Manual") for name in ("Legal", "Security")]
    repository = Repository(tiny.root, tiny.space.home)
    repository.push(repository.head, tiny.space.remote, "main")
    with another(tiny, {"name": "Source", "actions": [source()]}, {"name": "Gate", "actions": approvals}):
        until(lambda: len(approve._waiting_approvals(tiny.deployed)) == len(approvals))  # its creation has started it
        yield tiny


def test_one_of_several_is_answered_by_its_name(asks: Tiny) -> None:
    """With its stage or without; the other one waits on."""
    assert asks.call("approve", "Gate/Legal") == (0, "Gate/Legal: Approved\n")
    code, printed = asks.call("approve", "Legal")
    assert code == 2
    assert "Legal: no actions have that name; there are Gate/Security" in printed
    assert asks.call("reject", "Security", "-m", "not on a Friday") == (0, "Gate/Security: Rejected\n")


def test_without_a_name_all_are_answered(asks: Tiny) -> None:
    """Each is named."""
    assert asks.call("approve") == (0, "Gate/Legal: Approved\nGate/Security: Approved\n")


def test_who_comes_second_is_told(asks: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is claimed that was not taken."""
    waiting: Any = approve._waiting_approvals(asks.deployed)
    monkeypatch.setattr(approve, "_waiting_approvals", lambda _: waiting)
    assert asks.call("reject", "Legal")[0] == 0
    code, printed = asks.call("approve", "Legal")
    assert code == 2
    assert "Approved" not in printed
    assert "somebody else has answered meanwhile, or nothing waits any more: Gate/Legal" in printed
