"""`up`, pushes in a burst, `down`: each starts an execution, and the mode says what becomes of them."""

from __future__ import annotations

import copy
import os
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from rehearsal.cli import cli
from rehearsal.git import SILENT
from rehearsal.pids import born
from tests.rehearsal.commands.conftest import TEMPLATE, Tiny, tiny_project
from tests.rehearsal.commands.test_kills import left, server


def pipeline(mode: str) -> dict[str, Any]:
    """Its source, and one build."""
    template = copy.deepcopy(TEMPLATE)
    properties = template["Resources"]["Pipeline"]["Properties"]
    source, build, *_ = properties["Stages"]
    (lint,) = (each for each in build["Actions"] if each["Name"] == "Lint")
    properties |= {"ExecutionMode": mode, "Stages": [source, {"Name": "Build", "Actions": [lint]}]}
    return template


@pytest.mark.parametrize(("mode", "pushes"), [("SUPERSEDED", 20), ("QUEUED", 5)])
def test_pushes_in_a_burst(mode: str, pushes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From `up` to `down`: nothing hangs or is lost, the newest commit gets through, and nothing is left."""
    monkeypatch.chdir(tmp_path)
    with tiny_project(tmp_path, pipeline(mode)) as tiny:
        code, printed = tiny.call("up")
        assert (code, "`git push rehearsal main` starts it" in printed) == (0, True)
        executions = [pushed(tiny, "by git itself"), *(in_a_burst(tiny, number) for number in range(pushes - 1))]
        views = [tiny.ended(each, limit=120) for each in executions]
        assert views[-1].revision == tiny.git("rev-parse", "main").strip()
        ends = [view.status for view in views]
        assert ends[-1] == "Succeeded"
        assert {*ends} <= ({"Succeeded"} if mode == "QUEUED" else {"Succeeded", "Superseded"})
        assert len({view.revision for view in views if view.revision}) == len([view for view in views if view.revision])
        pid = server(tiny).pid
        assert "has ended; its state is kept" in tiny.call("down")[1]
        assert born(pid) is None
        assert left(tiny.root) == []
        assert "rehearsal" not in tiny.git("remote")
        assert "Succeeded" in tiny.call("history", "--number", "1")[1]


def pushed(tiny: Tiny, message: str) -> str:
    """The execution that a push of one more commit says it has started, and how to watch it."""
    tiny.git("commit", "--quiet", "--allow-empty", "--message", message)
    return execution(tiny.git("push", "rehearsal", "main"))


def in_a_burst(tiny: Tiny, number: int) -> str:
    """The same with what the hook runs called here, since a Python of its own would start too slowly for a burst."""
    before = tiny.git("rev-parse", "main").strip()
    tiny.git("commit", "--quiet", "--allow-empty", "--message", f"push {number}")
    after = tiny.git("rev-parse", "main").strip()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, SILENT, "yes")
        tiny.git("push", "--quiet", "rehearsal", "main")
    return execution(CliRunner().invoke(cli, ["received"], input=f"{before} {after} refs/heads/main\n").output)


def execution(printed: str) -> str:
    (found,) = re.findall(r"started execution (\S+)", printed)
    assert f"python -m rehearsal watch {found[:8]}" in printed
    return str(found)
