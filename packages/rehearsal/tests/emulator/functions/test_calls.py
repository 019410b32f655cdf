"""Invocations: warm and cold starts, errors, limits, and the log."""

from __future__ import annotations

import contextlib
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from rehearsal.emulator.functions.cold_starts import ColdStartRecord
from tests.emulator.functions.conftest import Functions, zipped


def test_a_warm_environment_is_used_again(functions: Functions) -> None:
    """A warm environment imports its modules once; only the first invocation is a cold start."""
    name = functions.make("calls = []\ndef handler(event, context):\n    calls.append(event)\n    return calls")
    first, second = functions.call(name, 1), functions.call(name, 2)
    assert [first.answer, second.answer] == [[1], [1, 2]]
    assert "Init Duration" in first.log
    assert "Init Duration" not in second.log


def test_calls_at_the_same_time_have_environments_of_their_own(functions: Functions) -> None:
    """Concurrent invocations have separate environments, so that a function can invoke itself."""
    code = """
import boto3, json, os
def handler(event, context):
    if not event:
        return os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
    asked = boto3.client("lambda").invoke(FunctionName=context.function_name, Payload="0")
    return [os.environ["AWS_LAMBDA_LOG_STREAM_NAME"], json.loads(asked["Payload"].read())]
"""
    outer, inner = functions.call(functions.make(code), 1).answer
    assert outer != inner


def test_the_sdk_tells_how_deep_functions_call_each_other(functions: Functions) -> None:
    """The SDK sends the invocation depth, by which the embedded AWS ends recursive loops, as AWS does."""
    code = """
import boto3
seen = {}
client = boto3.client("sts")
client.meta.events.register_last("before-call", lambda params, **_: seen.update(params["headers"]))
def handler(event, context):
    client.get_caller_identity()
    return seen["X-Ministack-Invoke-Depth"]
"""
    assert functions.call(functions.make(code)).answer == "1"


def test_an_exception_is_reported_as_on_aws(functions: Functions) -> None:
    """An exception's response has type, message, request id and stack; the log has the traceback as one event."""
    result = functions.call(functions.make("def handler(event, context):\n    raise KeyError('gone')"))
    assert result.error
    assert result.answer["errorType"] == "KeyError"
    assert result.answer["errorMessage"] == "'gone'"
    assert result.answer["stackTrace"] == [
        "  File \"/var/task/main.py\", line 2, in handler\n    raise KeyError('gone')\n"
    ]
    assert f"START RequestId: {result.answer['requestId']}" in result.log
    assert "[ERROR] KeyError: 'gone'\nTraceback (most recent call last):" in result.log


@pytest.mark.parametrize(
    ("code", "handler", "kind"),
    [
        ("def handler(:", "main.handler", "Runtime.UserCodeSyntaxError"),
        ("", "main.handler", "Runtime.HandlerNotFound"),
        ("", "nowhere.handler", "Runtime.ImportModuleError"),
        ("1 / 0", "main.handler", "ZeroDivisionError"),
        ("def handler(event, context):\n    return object()", "main.handler", "Runtime.MarshalError"),
    ],
)
def test_what_is_wrong_with_the_code_has_awss_name(functions: Functions, code: str, handler: str, kind: str) -> None:
    """Errors in a function's code have the error types of AWS's runtime client."""
    assert functions.call(functions.make(code, handler=handler)).answer["errorType"] == kind


def test_a_call_that_takes_too_long_is_ended(functions: Functions) -> None:
    """A timeout ends the environment; the next invocation starts a new one."""
    name = functions.make(
        "import time\ndef handler(event, context):\n    time.sleep(event)\n    return 'awake'", Timeout=1
    )
    result = functions.call(name, 30)
    assert result.answer["errorType"] == "Sandbox.Timedout"
    assert result.answer["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert re.search(r"^\S+Z \S+ Task timed out after 1\.00 seconds$", result.log, re.MULTILINE)
    again = functions.call(name, 0)
    assert again.answer == "awake"
    assert "Init Duration" in again.log


def test_a_call_that_needs_more_memory_than_it_has_is_killed(functions: Functions) -> None:
    """A function that exceeds its MemorySize is killed, and the REPORT line shows the limit."""
    code = "def handler(event, context):\n    return len(bytearray(event * 1024**2))"
    name = functions.make(code, MemorySize=128)
    assert functions.call(name, 50).answer == 50 * 1024**2
    result = functions.call(name, 200)
    assert result.answer["errorType"] == "Runtime.ExitError"
    assert result.answer["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert "Max Memory Used: 128 MB" in result.log


READS_A_LARGE_FILE = """
import mmap, os
with open(f"{os.environ['LAMBDA_TASK_ROOT']}/large", "rb") as file:
    mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
def handler(event, context):
    return sum(mapped[place] for place in range(0, len(mapped), mmap.PAGESIZE))
"""


def test_pages_of_files_do_not_count_to_the_limit(functions: Functions) -> None:
    """Mapped file pages do not count towards the memory limit, since the kernel can reclaim them."""
    code = zipped(main_py=READS_A_LARGE_FILE, large=bytes(150 * 1024**2))
    result = functions.call(functions.make(code, MemorySize=128))
    assert result.answer == 0
    assert "Max Memory Used: 128 MB" in result.log


HOLDS_IN_A_CHILD = """
import subprocess, sys, time
def handler(event, context):
    code = "import sys; held = bytearray(int(sys.argv[1]) * 1024**2); print(len(held), flush=True); sys.stdin.read()"
    child = subprocess.Popen([sys.executable, "-c", code, str(event)], stdin=-1, stdout=-1, text=True)
    held_bytes = int(child.stdout.readline())
    time.sleep(0.5)  # memory is sampled every 50 ms
    child.communicate()
    return held_bytes
"""


def test_the_memory_of_a_child_counts_for_its_function(functions: Functions) -> None:
    """The memory of a function's child counts towards its limit, and the child ends with the function."""
    name = functions.make(HOLDS_IN_A_CHILD, MemorySize=128)
    assert functions.call(name, 20).answer == 20 * 1024**2
    result = functions.call(name, 200)
    assert result.answer["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert "Max Memory Used: 128 MB" in result.log
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if b"held = bytearray" in command_line(path)]


def command_line(path: Path) -> bytes:
    """Return the command line of a process, or nothing if it has ended."""
    with contextlib.suppress(OSError):
        return path.read_bytes()
    return b""


def test_pages_that_processes_share_count_once(functions: Functions) -> None:
    """Pages that a forked child shares with its parent count once."""
    code = """
import os, time
def handler(event, context):
    held = bytearray(70 * 1024**2)
    child = os.fork()
    if child == 0:
        time.sleep(0.3)  # it is looked at every 50 ms
        os._exit(0)
    return os.waitpid(child, 0)[1]
"""
    assert functions.call(functions.make(code, MemorySize=128), None).answer == 0


def test_a_function_that_exits_reports_its_exit_status(functions: Functions) -> None:
    """A function that exits reports its exit status, and the next invocation has a new environment."""
    name = functions.make("import os\ndef handler(event, context):\n    os._exit(event) if event else None")
    assert functions.call(name, 3).answer["errorMessage"].endswith("Runtime exited with error: exit status 3")
    assert not functions.call(name, 0).error


def test_the_context_says_what_aws_says(functions: Functions) -> None:
    """The context has the name, version, memory, log stream and remaining time of the invocation."""
    code = """
def handler(event, context):
    left = context.get_remaining_time_in_millis()
    return [context.function_name, context.function_version, context.memory_limit_in_mb, context.log_stream_name, left]
"""
    name = functions.make(code)
    result = functions.call(name).answer
    assert result[:3] == [name, "$LATEST", "256"]
    assert result[3] == stream_of(functions, name)
    assert 5_000 < result[4] <= 10_000


def test_the_log_has_the_lines_of_aws(functions: Functions) -> None:
    """The function's log stream has its output between the platform's lines."""
    name = functions.make(
        "import logging\nprint('early')\ndef handler(*_):\n    print('late')\n    logging.warning('told')"
    )
    functions.call(name)
    lines = events(functions, name)
    assert [line.split()[0] for line in lines] == ["INIT_START", "early", "START", "late", "[WARNING]", "END", "REPORT"]
    assert re.search(r"Memory Size: 256 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms$", lines[-1])


def test_a_log_in_json_is_json(functions: Functions) -> None:
    """With LogFormat JSON, the platform's lines and the standard logger's lines are JSON."""
    code = "import logging\ndef handler(*_):\n    logging.info('hidden')\n    logging.error('told')"
    name = functions.make(code, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "WARN"})
    functions.call(name)
    found: list[dict[str, Any]] = [json.loads(line) for line in events(functions, name)]
    assert [line.get("type", line.get("message")) for line in found] == [
        "platform.initStart",
        "platform.start",
        "told",
        "platform.report",
    ]
    assert found[-1]["record"]["status"] == "success"


def test_cold_starts_are_counted_and_timed(functions: Functions) -> None:
    """The cold start record has the times of init and first invocation, and the modules compiled at import."""
    layer = functions.layer(python__piece_py="")
    name = functions.make("import piece, json\nhandler = lambda *_: None", layers=[layer])
    functions.call(name)
    functions.call(name)
    (cold,) = [
        cold_start
        for cold_start in ColdStartRecord(functions.space.cold_starts).latest()
        if cold_start.function == name
    ]
    assert cold.compiled == 2
    assert cold.modules > 10
    assert min(cold.init_ms, cold.first_call_ms, cold.memory_mb) > 0


def test_a_function_is_frozen_between_invocations(functions: Functions) -> None:
    """A function's threads are frozen between invocations, as on AWS."""
    code = """
import threading, time
ticks = []
def tick():
    while True:
        ticks.append(1)
        time.sleep(0.01)
threading.Thread(target=tick, daemon=True).start()
def handler(event, context):
    return len(ticks)
"""
    name = functions.make(code)
    first = functions.call(name).answer
    time.sleep(0.5)
    assert functions.call(name).answer - first < 20


def stream_of(functions: Functions, name: str) -> str:
    streams = functions.client("logs").describe_log_streams(logGroupName=f"/aws/lambda/{name}")["logStreams"]
    return str(streams[-1]["logStreamName"])


def events(functions: Functions, name: str) -> list[str]:
    """Return the log events of a function that has one environment."""
    stream = stream_of(functions, name)
    found = functions.client("logs").get_log_events(logGroupName=f"/aws/lambda/{name}", logStreamName=stream)["events"]
    return [event["message"].rstrip("\n") for event in found]
