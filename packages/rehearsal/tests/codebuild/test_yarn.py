"""Yarn in a build on a machine without it: npm's version 1 runs on the build's Node.js."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from rehearsal.bundling.docker_program import notes_file, read_notes
from rehearsal.codebuild.yarn import provide_yarn
from rehearsal.host.script_file import write_script


def test_a_build_without_yarn_gets_version_1(tmp_path: Path) -> None:
    """The build's own npx runs Yarn 1 with the arguments, asks nothing, and the use is reported once."""
    commands = tmp_path / "bin"
    write_script(commands / "npx", 'echo "$npm_config_yes" "$@"')
    provide_yarn(commands, notes_file(tmp_path / "build"))
    variables = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}"}
    for _ in range(2):
        done = subprocess.run(["yarn", "run", "a b"], env=variables, check=True, capture_output=True, text=True)
        assert done.stdout == "true yarn@1 run a b\n"
    (note,) = read_notes(tmp_path / "build")
    assert "version 1 of npm is used" in note
