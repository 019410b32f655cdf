"""The known deadlocks that `plan` warns of, from commands of a deployed buildspec and two trees; nothing runs."""

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
def test_what_is_no_deadlock_is_not_told(tmp_path: Path, command: str) -> None:
    """Words that only the shell knows, commands that may fail, and targets that the last push lacked too."""
    assert warnings(tmp_path, command) == []


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("CI=1 make gone", "no make target `gone`"),
        ("make kept gone > log 2>&1", "no make target `gone`"),
        ("npm run --silent gone", "`npm run gone`"),
        ("npm run-script gone -- --fast", "`npm run gone`"),
    ],
)
def test_what_the_last_push_had_is_a_deadlock(tmp_path: Path, command: str, told: str) -> None:
    """However it is called."""
    (warning,) = warnings(tmp_path, command)
    assert warning.startswith(f"{SYNTH} runs ")
    assert told in warning


def warnings(folder: Path, command: str) -> list[str]:
    """Of a deployed command, where the targets and scripts `gone` and `kept` were pushed, and `kept` is there still."""
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
    """Neither what make runs even with --dry-run, nor what it reads from a shell."""
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
    """The CLI's spellings, and other packages next to it."""
    job = PlannedBuild("Build", "Synth", "Synth", (command,))
    (warning,) = deadlocks.unsafe_tool_pins([job], 54, ROOT / "node_modules")
    assert "runs aws-cdk 2.1.0 of the deployed buildspec" in warning
