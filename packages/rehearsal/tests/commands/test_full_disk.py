"""A full disk: the build fails, commands report it, no process is left, and with free space everything works again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.root import PACKAGE

MEGABYTES = 32
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]


def on_a_small_disk(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run a shell command where `folder` is a private file system of MEGABYTES."""
    mount = f"mount -t tmpfs -o size={MEGABYTES}m none {folder}"
    return subprocess.run(
        [*NAMESPACE, "sh", "-c", f"{mount} && {command}"],
        cwd=PACKAGE,
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def small(tmp_path: Path) -> Path:
    """Return a folder for the small disk; skip the test if it cannot be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    possible = on_a_small_disk(folder, "true")
    if possible.returncode:
        pytest.skip(f"this machine forbids mounting a small disk: {possible.stderr.strip()}")
    return folder


def test_a_full_disk_is_reported_and_survived(tmp_path: Path) -> None:
    """The assertions of on_a_small_disk.py hold on a full disk."""
    folder = small(tmp_path)
    done = on_a_small_disk(folder, f"exec {sys.executable} -m tests.commands.on_a_small_disk {folder}")
    assert done.returncode == 0, done.stdout + done.stderr


JOURNAL = """
import contextlib, sys
from pathlib import Path
from rehearsal.engine.state import journal
from rehearsal.engine.state.disk_reserve import Reserve
folder = Path(sys.argv[1])
if sys.argv[2] == "without":
    Reserve.extend = lambda self, count: None
written = journal.Journal(folder / "journal.jsonl")
written.write("execution-started")
with (folder / "ballast").open("wb", buffering=0) as file, contextlib.suppress(OSError):
    while file.write(bytes(4096)):
        pass
for number in range(200):
    written.write("action-progress", text="x" * 500)
    written.write("action-finished", number=number, text="y" * 500)
written.write("execution-finished")
written.close()
events = [event["type"] for event in journal.read(folder / "journal.jsonl")]
print(events.count("action-finished"), events.count("action-progress") < 200, events[-1])
"""


@pytest.mark.gate
@pytest.mark.parametrize(
    ("reserve", "words"), [("with", "200 True execution-finished"), ("without", "action-")], ids=["with", "without"]
)
def test_a_journal_has_a_disk_reserve(tmp_path: Path, reserve: str, words: str) -> None:
    """On a full disk, results are written and progress is not; without the reserve the end of the journal is lost."""
    small(tmp_path)
    (tmp_path / "write.py").write_text(JOURNAL)
    done = on_a_small_disk(tmp_path / "small", f"{sys.executable} {tmp_path}/write.py {tmp_path}/small {reserve}")
    assert done.returncode == 0, done.stderr
    assert words in done.stdout
    assert (reserve == "with") == ("execution-finished" in done.stdout)
