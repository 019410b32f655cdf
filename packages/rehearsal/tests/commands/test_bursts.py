"""Bursts of pushes between `up` and `down`: each starts an execution, which ends as the execution mode says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rehearsal.host.procfs import start_ticks
from tests.commands.conftest import Tiny, tiny_project, until
from tests.commands.templates import with_one_build
from tests.commands.test_kills import left, server

WAITS = "touch {folder}/began; until test -f {folder}/flag; do sleep 0.1; done\n"
PUSHES = 4


@pytest.mark.parametrize(
    ("mode", "ends"),
    [
        ("SUPERSEDED", ["Succeeded", *["Superseded"] * (PUSHES - 2), "Succeeded"]),
        ("QUEUED", ["Succeeded"] * PUSHES),
    ],
)
def test_pushes_in_a_burst(
    mode: str,
    ends: list[str],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each of several pushes during a build starts an execution: SUPERSEDED runs only the newest, QUEUED all of them.

    `down` then leaves no process and no remote.
    """
    monkeypatch.chdir(tmp_path)
    signals = tmp_path_factory.mktemp("signals")
    with tiny_project(tmp_path, with_one_build("Lint", ExecutionMode=mode)) as tiny:
        code, printed = tiny.call("up")
        assert (code, "`git push rehearsal main` starts it" in printed) == (0, True)
        (tiny.root / "Lint.sh").write_text(WAITS.format(folder=signals))
        tiny.git("add", "Lint.sh")
        executions = [pushed(tiny, "push 0")]
        until((signals / "began").exists)
        executions += [pushed(tiny, f"push {number}") for number in range(1, PUSHES)]
        until(
            lambda: (
                [tiny.view(execution).status for execution in executions].count("Superseded")
                == ends.count("Superseded")
            )
        )
        assert "Succeeded" not in {tiny.view(execution).status for execution in executions}
        (signals / "flag").touch()
        views = [tiny.ended(execution, limit=180) for execution in executions]
        assert [view.status for view in views] == ends, [view.summary for view in views]
        assert views[-1].revision == tiny.git("rev-parse", "main").strip()
        assert len({view.revision for view in views if view.revision}) == len([view for view in views if view.revision])
        pid = server(tiny).pid
        assert "has ended; its state is kept" in tiny.call("down")[1]
        assert start_ticks(pid) is None
        assert left(tiny.root) == []
        assert "rehearsal" not in tiny.git("remote")
        assert "Succeeded" in tiny.call("history", "--number", "1")[1]


def pushed(tiny: Tiny, message: str) -> str:
    """Push one more commit, and return the id of the execution that the push reports."""
    tiny.git("commit", "--quiet", "--allow-empty", "--message", message)
    printed = tiny.git("push", "rehearsal", "main")
    (found,) = re.findall(r"started execution (\S+)", printed)
    assert f"rehearsal watch {found[:8]}" in printed
    return str(found)
