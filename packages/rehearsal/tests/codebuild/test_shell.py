"""The shell of a build keeps variables and the working directory between commands."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rehearsal.codebuild.shell import Shell
from rehearsal.host.cancellation import Cancellation
from rehearsal.host.processes import Processes

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
NAMES = st.from_regex(r"T_[A-Za-z0-9_]{1,8}", fullmatch=True)


@pytest.mark.parametrize("program", [("/bin/sh",), ("bash",), ("bash", "--posix")])
@given(values=st.dictionaries(NAMES, TEXTS, max_size=8), put=TEXTS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_variables_survive_every_command(
    program: tuple[str, ...], values: dict[str, str], put: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any value of a variable is unchanged after two commands, and the shell prints nothing."""
    folder = tmp_path_factory.mktemp("shell")
    said: list[str] = []
    env = {"PATH": "/usr/bin:/bin", "a-name-that-sh-has-no-way-to-say": "", "\u00e9": "", **values}
    with Processes(said.append) as processes:
        shell = Shell(
            processes, program=program, state=folder / "state", seen=folder / "state", env=env, directory=folder
        )
        for _ in range(2):
            shell.run("T=$((T + 1))", deadline=time.monotonic() + 60, stop=Cancellation())
        shell.put("PUT", put)
        seen = shell.values()
    assert said == []
    assert {name: seen[name] for name in values} == values
    assert (seen["T"], seen["PUT"]) == ("2", put)


def test_a_folder_with_any_name_is_carried_over(tmp_path: Path) -> None:
    """A working directory with spaces, quotes, a leading dash and a line break in its name is kept."""
    said: list[str] = []
    with Processes(said.append) as processes:
        state = tmp_path / "state"
        shell = Shell(processes, program=["/bin/sh"], state=state, seen=state, env={"PATH": "/bin"}, directory=tmp_path)
        for command in ("mkdir -- \"-a 'b'\nc\" && cd -- \"-a 'b'\nc\"", "pwd"):
            done = shell.run(command, deadline=time.monotonic() + 60, stop=Cancellation())
            assert done.returncode == 0, said
    assert said == [f"{tmp_path}/-a 'b'", "c"]
