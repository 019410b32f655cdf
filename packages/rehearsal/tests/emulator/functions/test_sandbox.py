"""The mounts of a function's file system, without a function."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.emulator.functions.conftest import needs_mounts

LOOK = """
import json, os, sys
from rehearsal.emulator.functions.sandbox import mount_filesystem
from rehearsal.host.namespaces import enter_mount_namespace

plan, here = json.loads(sys.argv[1]), sys.argv[2]
enter_mount_namespace(os.CLONE_NEWPID)
if os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
mount_filesystem(plan)
open("/tmp/new", "w").close()
try:
    open(plan["runtime"] + "/new", "w")
except OSError as error:
    refusal = error.strerror
program = open(plan["runtime"] + "/program").read()
print(json.dumps([os.path.exists(here), os.path.exists("/tmp/new"), program, refusal]))
"""


@needs_mounts
def test_a_runtime_in_tmp_stays_and_nothing_else_of_tmp(tmp_path: Path) -> None:
    """If the interpreter is installed below /tmp, a function can read its folder, and has an empty /tmp otherwise."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        runtime = Path(folder, "runtime")
        runtime.mkdir()
        (runtime / "program").write_text("installed")
        (other := Path(folder, "other")).touch()
        plan = {"binds": {}, "links": {}, "covers": {}, "runtime": str(runtime), "tmp_mb": 1}
        for name in ("var", "hidden"):
            (tmp_path / name).mkdir()
            plan[name] = str(tmp_path / name)
        words = [sys.executable, "-c", LOOK, json.dumps(plan), str(other)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == [False, True, "installed", "Read-only file system"]
        assert not Path("/tmp/new").exists()
