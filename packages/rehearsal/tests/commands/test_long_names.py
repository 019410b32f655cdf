"""Stages and actions whose names are as long as CodePipeline allows."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from tests.commands.conftest import tiny_project
from tests.commands.templates import TEMPLATE

# Source: "Quotas in AWS CodePipeline": names of stages and actions have 100 characters at most.
STAGE, ACTION = "S" * 100, "A" * 100
WHERE = f"{STAGE}/{ACTION}"


def test_names_of_100_characters_work_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs, views, logs and shells work with the longest names, and the build's folder does not contain them."""
    template = copy.deepcopy(TEMPLATE)
    build = template["Resources"]["Pipeline"]["Properties"]["Stages"][1]
    build["Name"], build["Actions"][1]["Name"] = STAGE, ACTION
    monkeypatch.chdir(tmp_path)
    with tiny_project(tmp_path, template) as tiny:
        view = tiny.run(Lint='echo "SOURCE $CODEBUILD_SRC_DIR"; exit 3')
        log = Path(view.action(STAGE, ACTION).log).read_text()
        assert view.action(STAGE, ACTION).status == "Failed", log
        (source,) = [line.split()[1] for line in log.splitlines() if line.startswith("SOURCE")]
        assert "SSS" not in source
        for command in (
            ("status",),
            ("history",),
            ("logs", WHERE),
            ("run", "--list"),
            ("run", "--graph"),
            ("shell", WHERE, "--command", "true"),
        ):
            code, printed = tiny.call(*command)
            assert (code, "Traceback" in printed) in {(0, False), (1, False)}, printed
