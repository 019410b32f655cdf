"""Run by test_no_network.py with only the loopback interface; the argument is the folder."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from rehearsal.emulator.server import launcher
from tests.commands.conftest import tiny_project
from tests.commands.templates import with_one_build
from tests.commands.test_kills import left

ASKS = """\
python3 -c "import urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://192.0.2.1', timeout=20)"
"""


def main(folder: Path) -> None:
    assert {name for _, name in socket.if_nameindex()} == {"lo"}
    os.chdir(folder)
    with tiny_project(folder, with_one_build("Lint")) as tiny:
        assert tiny.run().status == "Succeeded"
        view = tiny.run(Lint=ASKS)
        assert (view.status, view.action("Build", "Lint").status) == ("Failed", "Failed"), view
        assert "Network is unreachable" in Path(view.action("Build", "Lint").log).read_text()
        launcher.down(tiny.space)
        assert tiny.space.saved.exists()
        assert left(folder) == []


if __name__ == "__main__":
    main(Path(sys.argv[1]))
