"""Logs of 100 MB: the file is complete; the journal and the memory stay small."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.codebuild import log_stream
from tests.commands.conftest import Tiny, until
from tests.commands.test_kills import server

MB = 1_000_000
LINES = f"yes 'what a chatty test run prints, {'again and ' * 20}again' | head -c {100 * MB}; echo; echo last; exit 3"
LINE = f"head -c {100 * MB} /dev/zero | tr '\\0' x; echo; echo last; exit 3"


@pytest.mark.parametrize("script", [LINES, LINE], ids=["many lines", "one line"])
def test_a_hundred_megabytes_are_kept_where_they_belong(tiny: Tiny, script: str) -> None:
    """A build's log file is complete; neither the journal nor the memory grows with it."""
    execution = tiny.start(Compile=script)
    until(lambda: tiny.view(execution).seconds is not None, limit=180)
    view = tiny.view(execution)
    log = Path(view.action("Build", "Compile").log)
    assert view.action("Build", "Compile").status == "Failed"
    assert log.stat().st_size > 100 * MB
    with log.open("rb") as file:
        file.seek(-2000, 2)
        assert b"\nlast\n" in file.read()
    assert tiny.space.journal(execution).stat().st_size < MB
    assert peak(tiny) < 1000 * MB


def test_the_run_that_printed_it_ends_in_words(tiny: Tiny) -> None:
    """A failed run prints only the last lines of the log, each cut."""
    (tiny.root / "Compile.sh").write_text("head -c 5000000 /dev/zero | tr '\\0' x; echo; echo because of this; exit 3")
    code, printed = tiny.call("run", "--until", "Build")
    assert code == 1
    assert "because of this" in printed
    assert len(printed) < 20_000
    assert "takes 10 MB of one build" not in printed


def test_cloudwatch_gets_as_much_as_the_embedded_aws_can_hold(tiny: Tiny) -> None:
    """A log stream is cut at STREAM_BYTES, and the log says so."""
    execution = tiny.start(Compile="head -c 12000000 /dev/zero | tr '\\0' x | fold -w 1000; exit 3")
    log = Path(tiny.ended(execution).action("Build", "Compile").log).read_text()
    assert "the log in CloudWatch Logs is not whole: /aws/codebuild/Compile takes 10 MB of one build" in log
    assert log_stream.STREAM_BYTES == 10 * MB


def peak(tiny: Tiny) -> int:
    """Return the peak memory of the embedded AWS in bytes."""
    status = Path(f"/proc/{server(tiny).pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
