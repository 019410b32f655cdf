"""The versioned API `GET /_rehearsal/...` for data that only a rehearsal has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rehearsal.emulator.functions.cold_starts import ColdStart
from rehearsal.emulator.iam.decision_log import Decision, Decisions
from rehearsal.emulator.server import rehearsal_api
from rehearsal.emulator.server.api_error import ApiError
from rehearsal.emulator.server.rehearsal_api import RehearsalApi
from rehearsal.host.atomic_write import write_json
from rehearsal.workspace.layout import Workspace


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """A workspace with three decisions."""
    found = Workspace(tmp_path)
    found.make()
    log = Decisions()
    log.append_to(found.decisions)
    for number in range(3):
        log.add(
            Decision("arn:aws:iam::1:role/a", f"s3:Get{number}", "*", allowed=number != 1, why="no" * (number == 1))
        )
    return found


def read(space: Workspace, path: str) -> Any:
    """Return the response for one path."""
    return RehearsalApi(space).call(path, {}, "111111111111", "eu-west-1")


def test_decisions_are_read_from_a_number_on(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decisions can be read from a number on, and a long log is paginated."""
    response = read(space, "decisions")
    assert (response["version"], response["total"], len(response["decisions"])) == (1, 3, 3)
    assert response["decisions"][1] == {
        "principal": "arn:aws:iam::1:role/a",
        "action": "s3:Get1",
        "resource": "*",
        "allowed": False,
        "why": "no",
    }
    monkeypatch.setattr(rehearsal_api, "PAGE", 1)
    assert [found["action"] for found in read(space, "decisions/1")["decisions"]] == ["s3:Get1"]


def test_cold_starts_and_limits_are_read(space: Workspace) -> None:
    """Cold starts and limits are empty before the first run, and readable afterwards."""
    assert read(space, "cold-starts") == {"version": 1, "cold_starts": []}
    assert read(space, "not-emulated") == {"version": 1, "execution_id": None, "not_emulated": []}
    write_json(space.not_emulated, {"execution_id": "x", "not_emulated": ["builds ran here"]})
    space.cold_starts.write_text(
        '{"account": "1", "function": "f", "init_ms": 1, "first_call_ms": 2, "compiled": 0,'
        ' "modules": 3, "memory_mb": 4}\n'
    )
    assert read(space, "not-emulated")["not_emulated"] == ["builds ran here"]
    assert read(space, "cold-starts")["cold_starts"] == [vars(ColdStart("1", "f", 1, 2, 0, 3, 4))]


@pytest.mark.parametrize("path", ["", "secrets", "decisions/x", "decisions/-1", "../private"])
def test_another_path_is_refused(space: Workspace, path: str) -> None:
    """An unknown path is an error that lists the known ones."""
    with pytest.raises(ApiError, match="there are /_rehearsal/decisions"):
        read(space, path)
