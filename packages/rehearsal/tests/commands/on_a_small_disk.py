"""Run by test_full_disk.py in a small file system: fill it by a build, and assert what commands do.

The argument is the folder.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from pathlib import Path

from rehearsal.emulator.server import launcher
from rehearsal.engine.state import journal
from rehearsal.workspace.build_area import VARIABLE
from tests.commands.conftest import Tiny, tiny_project
from tests.commands.test_kills import Command, again, left

FILLS = """\
dd if=/dev/zero of=fill bs=4k
echo $PWD/fill > {file}
yes 'and on it goes, {goes}' | head -c 3000000
exit 4
"""


def main(disk: Path) -> None:
    folder = disk / "project"
    folder.mkdir()
    os.chdir(folder)
    os.environ[VARIABLE] = str(disk / "builds")
    with tiny_project(folder) as tiny:
        filling = [filled_by_a_build(tiny), filled(folder)]
        reports_full_disk(tiny, "run", "--until", "Source")
        launcher.down(tiny.space)
        assert left(folder) == []
        reports_full_disk(tiny, "up")
        assert left(folder) == []
        assert not tiny.space.saved.exists(), "incomplete state was saved"
        for path in filling:
            path.unlink()
        again(tiny)


def filled_by_a_build(tiny: Tiny) -> Path:
    """The build fails, its journal is complete, and the embedded AWS answers."""
    file = tiny.root.parents[1] / "filled"
    execution = tiny.start(Compile=FILLS.format(file=file, goes="and on it goes, " * 20))
    view = tiny.ended(execution)
    assert (view.status, view.action("Build", "Compile").status) == ("Failed", "Failed"), view
    events = journal.read(tiny.space.journal(execution))
    assert events[-1]["type"] == "execution-finished"
    assert tiny.deployed.pipeline().name == "tiny"
    return Path(file.read_text().strip())


def filled(folder: Path) -> Path:
    """Create a file that takes the free space."""
    ballast = folder / ".rehearsal" / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    return ballast


def reports_full_disk(tiny: Tiny, *arguments: str) -> None:
    """A command without disk space exits with 2 and says so, without a traceback."""
    code, printed = Command(tiny, *arguments).ended()
    assert code == 2, printed
    assert re.search("[Nn]o space (is )?left on ", printed), printed
    assert "Traceback" not in printed, printed


if __name__ == "__main__":
    main(Path(sys.argv[1]))
