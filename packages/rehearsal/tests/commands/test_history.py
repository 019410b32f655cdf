"""`history` and `status`: executions, read from their journals."""

from __future__ import annotations

import json
import zipfile

from rehearsal.engine.state.journal import Journal
from rehearsal.views.execution_view import ExecutionView
from rehearsal.workspace.layout import Workspace
from tests.commands.conftest import Tiny


def test_executions_are_listed_newest_first(tiny: Tiny, good: ExecutionView, bad: ExecutionView) -> None:
    """`history --json` has the revision, trigger, duration and status of each execution."""
    code, printed = tiny.call("history", "--json", "-n", "100")
    assert code == 0
    newest, before = [load for load in json.loads(printed) if load["execution_id"] in (good.id, bad.id)]
    assert [newest["status"], before["status"]] == ["Failed", "Succeeded"]
    tiny.git("merge-base", "--is-ancestor", before["revision"], "HEAD")  # other tests may have committed since
    assert newest["revision"] == bad.revision != before["revision"]
    assert newest["trigger"].startswith("StartPipelineExecution")
    assert newest["seconds"] > 0
    assert newest["started"] > before["started"]


def test_the_table_says_what_the_json_says(tiny: Tiny, good: ExecutionView) -> None:
    """`history` prints one row for each execution, at most `-n` rows."""
    _, printed = tiny.call("history", "-n", "100")
    (row,) = [line for line in printed.splitlines() if good.id in line]
    assert "Succeeded" in row
    assert good.revision[:8] in row
    _, printed = tiny.call("history", "-n", "1")
    assert len(printed.strip().splitlines()) == 3


def test_a_status_is_printed_as_json(tiny: Tiny, bad: ExecutionView) -> None:
    """`status --json` has the form of `run --json`, and exits with 1 for a failed execution."""
    code, printed = tiny.call("status", bad.id, "--json")
    loaded = json.loads(printed)
    assert code == 1
    assert loaded["execution_id"] == bad.id
    build = next(stage for stage in loaded["stages"] if stage["name"] == "Build")
    assert {action["name"]: action["status"] for action in build["actions"]}["Lint"] == "Failed"


def test_the_artifacts_of_an_execution_can_be_looked_into(tiny: Tiny, good: ExecutionView) -> None:
    """`status --json` has the path of each artifact's zip."""
    artifacts = json.loads(tiny.call("status", good.id, "--json")[1])["artifacts"]
    assert set(artifacts) == {"Code", "Compiled"}
    with zipfile.ZipFile(tiny.root / artifacts["Compiled"]) as compiled:
        assert "cdk.json" in compiled.namelist()


def test_the_status_of_an_older_execution_is_asked_by_the_beginning_of_its_id(tiny: Tiny, good: ExecutionView) -> None:
    """`status` accepts the first eight characters of an id."""
    code, printed = tiny.call("status", good.id[:8])
    assert code == 0
    assert good.id in printed


def test_an_unknown_id_is_refused(tiny: Tiny, good: ExecutionView) -> None:
    """The error names the command that lists the known ids."""
    code, printed = tiny.call("status", "nonsense")
    assert code == 2
    assert "nonsense: no executions" in printed
    assert "history" in printed


def test_an_execution_whose_server_was_killed_is_interrupted(project: Workspace, empty: Tiny) -> None:
    """An execution whose end was never written is Interrupted."""
    project.make()
    written = Journal(project.journal("gone"))
    written.write("execution-started", execution="gone", pipeline="tiny", stages=[], trigger={})
    written.close()
    assert json.loads(empty.call("history", "--json")[1])[0]["status"] == "Interrupted"
    code, printed = empty.call("status")
    assert code == 1
    assert "Interrupted" in printed


def test_without_any_run_history_says_what_to_do(project: Workspace, empty: Tiny) -> None:
    """An empty history is not an error."""
    assert empty.call("history") == (0, "nothing was rehearsed yet: `rehearse run`\n")
    assert json.loads(empty.call("history", "--json")[1]) == []
