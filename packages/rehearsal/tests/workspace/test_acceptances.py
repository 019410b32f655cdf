"""Accepted parts of an app, and the hint that says how to accept them."""

from __future__ import annotations

from pathlib import Path

from rehearsal.workspace.acceptances import AcceptedFile, accept_hint
from rehearsal.workspace.layout import Workspace


def test_an_unsupported_property_has_a_hint() -> None:
    """A stack that fails because of an unsupported property has the command that accepts its type; others have none."""
    hint = accept_hint("s ROLLBACK_COMPLETE: A1 (AWS::A::B): AWS::A::B Properties.C is not supported; use D")
    assert hint == "`rehearse run --accept AWS::A::B` continues, and what it accepts has no effect"
    assert accept_hint("s ROLLBACK_COMPLETE: A1 (AWS::A::B): the name is taken; it is not supported") == ""


def test_names_are_added_to_those_that_were_accepted(tmp_path: Path) -> None:
    """`add` extends the accepted names, `write` replaces them."""
    space = Workspace(tmp_path)
    space.make()
    file = AcceptedFile(space)
    file.add([])
    assert not (space.home / "accepted.json").exists()
    file.add(["ECS"])
    AcceptedFile(space).add(["AWS::A::B", "ECS"])
    assert file.read().providers == {"ECS"}
    assert file.read().types == {"AWS::A::B"}
    file.write(["DeviceFarm"])
    assert AcceptedFile(space).read().providers == {"DeviceFarm"}
