"""The known deadlocks that `plan` warns about: commands of a deployed buildspec that the new source breaks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rehearsal.plan import deadlocks
from rehearsal.plan.build_commands import PlannedBuild
from tests.root import ROOT

SYNTH = "Build/Synth"


@pytest.mark.parametrize(
    "command",
    [
        "cd sub && make gone",
        "(cd sub && make gone)",
        "make $TARGET",
        "make gone || true",
        "make never",
        "make gone > log 2>&1 || exit 0",
        "npm run never",
        "cd sub && npm run gone",
        "npm run --silent kept",
        "echo make gone",
    ],
)
def test_commands_that_may_work_are_not_reported(tmp_path: Path, command: str) -> None:
    """Variables, optional commands and targets that the last push lacked too are not reported."""
    assert warnings(tmp_path, command) == []


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("CI=1 make gone", "no make target `gone`"),
        ("make kept gone > log 2>&1", "no make target `gone`"),
        ("npm run --silent gone", "`npm run gone`"),
        ("npm run-script gone -- --fast", "`npm run gone`"),
    ],
)
def test_a_removed_target_is_a_deadlock(tmp_path: Path, command: str, words: str) -> None:
    """Targets and scripts that the last push had and the source lacks are reported."""
    (warning,) = warnings(tmp_path, command)
    assert warning.startswith(f"{SYNTH} runs ")
    assert words in warning


def warnings(folder: Path, command: str) -> list[str]:
    """Return the warnings for `command`, where only `kept` of the pushed targets `gone` and `kept` still exists."""
    for name, targets in (("before", ("gone", "kept")), ("source", ("kept",))):
        (folder / name).mkdir()
        (folder / name / "Makefile").write_text("".join(f"{target}:\n\t@true\n" for target in targets))
        (folder / name / "package.json").write_text(json.dumps({"scripts": dict.fromkeys(targets, "true")}))
    found = [PlannedBuild("Build", "Synth", "Synth", (command,))]
    return [
        *deadlocks.vanished_targets(found, folder / "source", folder / "before"),
        *deadlocks.vanished_scripts(found, folder / "source", folder / "before"),
    ]


def test_nothing_of_a_makefile_runs(tmp_path: Path) -> None:
    """Reading the targets of a Makefile runs neither recipes nor $(shell ...)."""
    for name in ("source", "before"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Makefile").write_text(
            f"SHELL := /bin/bash\nREAD := $(shell touch {tmp_path}/read)\nsynth:\n\t+touch {tmp_path}/ran\n"
        )
    job = PlannedBuild("Build", "Synth", "Synth", ("make synth gone",))
    assert [*deadlocks.vanished_targets([job], tmp_path / "source", tmp_path / "before")] == []
    assert not (tmp_path / "read").exists()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "command",
    [
        "npm i --global aws-cdk@2.1.0",
        "npm install -g typescript aws-cdk@2.1.0",
        "npm --location=global install aws-cdk@2.1.0",
        "npx --yes aws-cdk@2.1.0 deploy",
    ],
)
def test_a_pin_is_found_however_it_is_installed(command: str) -> None:
    """All spellings of npm and npx are recognized, also with other packages."""
    job = PlannedBuild("Build", "Synth", "Synth", (command,))
    (warning,) = deadlocks.unsafe_tool_pins([job], 54, ROOT / "node_modules")
    assert "runs aws-cdk 2.1.0 of the deployed buildspec" in warning
