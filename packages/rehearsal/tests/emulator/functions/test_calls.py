"""Calls: warm and cold, errors, limits, and the log."""

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
    """Modules are imported once; only the first call is a cold start."""
    name = functions.make("calls = []\ndef handler(event, context):\n    calls.append(event)\n    return calls")
    first, second = functions.call(name, 1), functions.call(name, 2)
    assert [first.answer, second.answer] == [[1], [1, 2]]
    assert "Init Duration" in first.log
    assert "Init Duration" not in second.log


def test_calls_at_the_same_time_have_environments_of_their_own(functions: Functions) -> None:
    """A function that calls itself does not wait for itself."""
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
    """By that header the embedded AWS ends loops of functions, as AWS does."""
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


def test_an_exception_is_told_as_on_aws(functions: Functions) -> None:
    """Type, message, request and stack in the answer; the traceback as one event of the log."""
    told = functions.call(functions.make("def handler(event, context):\n    raise KeyError('gone')"))
    assert told.error
    assert told.answer["errorType"] == "KeyError"
    assert told.answer["errorMessage"] == "'gone'"
    assert told.answer["stackTrace"] == [
        "  File \"/var/task/main.py\", line 2, in handler\n    raise KeyError('gone')\n"
    ]
    assert f"START RequestId: {told.answer['requestId']}" in told.log
    assert "[ERROR] KeyError: 'gone'\nTraceback (most recent call last):" in told.log


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
    """The runtime's client is AWS's own, and so are its errors."""
    assert functions.call(functions.make(code, handler=handler)).answer["errorType"] == kind


def test_a_call_that_takes_too_long_is_ended(functions: Functions) -> None:
    """The environment goes with it; the next call starts a new one."""
    name = functions.make(
        "import time\ndef handler(event, context):\n    time.sleep(event)\n    return 'awake'", Timeout=1
    )
    told = functions.call(name, 30)
    assert told.answer["errorType"] == "Sandbox.Timedout"
    assert told.answer["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert re.search(r"^\S+Z \S+ Task timed out after 1\.00 seconds$", told.log, re.MULTILINE)
    again = functions.call(name, 0)
    assert again.answer == "awake"
    assert "Init Duration" in again.log


def test_a_call_that_needs_more_memory_than_it_has_is_killed(functions: Functions) -> None:
    """MemorySize is a limit, and the report says that it was reached."""
    code = "def handler(event, context):\n    return len(bytearray(event * 1024**2))"
    name = functions.make(code, MemorySize=128)
    assert functions.call(name, 50).answer == 50 * 1024**2
    told = functions.call(name, 200)
    assert told.answer["errorType"] == "Runtime.ExitError"
    assert told.answer["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert "Max Memory Used: 128 MB" in told.log


READS_A_LARGE_FILE = """
import mmap, os
with open(f"{os.environ['LAMBDA_TASK_ROOT']}/large", "rb") as file:
    mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
def handler(event, context):
    return sum(mapped[place] for place in range(0, len(mapped), mmap.PAGESIZE))
"""


def test_pages_of_files_do_not_count_to_the_limit(functions: Functions) -> None:
    """The kernel takes them back when memory is needed, as those of a large program such as Node.js with the SDK."""
    code = zipped(main_py=READS_A_LARGE_FILE, large=bytes(150 * 1024**2))
    told = functions.call(functions.make(code, MemorySize=128))
    assert told.answer == 0
    assert "Max Memory Used: 128 MB" in told.log


HOLDS_IN_A_CHILD = """
import subprocess, sys, time
def handler(event, context):
    code = "import sys; held = bytearray(int(sys.argv[1]) * 1024**2); print(len(held), flush=True); sys.stdin.read()"
    child = subprocess.Popen([sys.executable, "-c", code, str(event)], stdin=-1, stdout=-1, text=True)
    told = int(child.stdout.readline())
    time.sleep(0.5)  # memory is sampled every 50 ms
    child.communicate()
    return told
"""


def test_what_a_function_starts_counts_for_its_memory(functions: Functions) -> None:
    """The fault planted: the memory is held by a child, which ends with its function."""
    name = functions.make(HOLDS_IN_A_CHILD, MemorySize=128)
    assert functions.call(name, 20).answer == 20 * 1024**2
    told = functions.call(name, 200)
    assert told.answer["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert "Max Memory Used: 128 MB" in told.log
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if b"held = bytearray" in command_line(path)]


def command_line(path: Path) -> bytes:
    """Of a process that may end any time."""
    with contextlib.suppress(OSError):
        return path.read_bytes()
    return b""


def test_pages_that_processes_share_count_once(functions: Functions) -> None:
    """A child that is forked holds what its parent holds, not as much again."""
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


def test_an_interpreter_that_ends_itself_is_told(functions: Functions) -> None:
    """And replaced for the next call."""
    name = functions.make("import os\ndef handler(event, context):\n    os._exit(event) if event else None")
    assert functions.call(name, 3).answer["errorMessage"].endswith("Runtime exited with error: exit status 3")
    assert not functions.call(name, 0).error


def test_the_context_says_what_aws_says(functions: Functions) -> None:
    """Name, version, memory, ARN, log stream, and the time that is left."""
    code = """
def handler(event, context):
    left = context.get_remaining_time_in_millis()
    return [context.function_name, context.function_version, context.memory_limit_in_mb, context.log_stream_name, left]
"""
    name = functions.make(code)
    told = functions.call(name).answer
    assert told[:3] == [name, "$LATEST", "256"]
    assert told[3] == stream_of(functions, name)
    assert 5_000 < told[4] <= 10_000


def test_the_log_has_the_lines_of_aws(functions: Functions) -> None:
    """In the stream that the function knows by name: what it prints, between the platform's lines."""
    name = functions.make(
        "import logging\nprint('early')\ndef handler(*_):\n    print('late')\n    logging.warning('told')"
    )
    functions.call(name)
    lines = events(functions, name)
    assert [line.split()[0] for line in lines] == ["INIT_START", "early", "START", "late", "[WARNING]", "END", "REPORT"]
    assert re.search(r"Memory Size: 256 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms$", lines[-1])


def test_a_log_in_json_is_json(functions: Functions) -> None:
    """Platform lines and the standard logger's; what is printed stays as it is."""
    code = "import logging\ndef handler(*_):\n    logging.info('hidden')\n    logging.error('told')"
    name = functions.make(code, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "WARN"})
    functions.call(name)
    found: list[dict[str, Any]] = [json.loads(line) for line in events(functions, name)]
    assert [each.get("type", each.get("message")) for each in found] == [
        "platform.initStart",
        "platform.start",
        "told",
        "platform.report",
    ]
    assert found[-1]["record"]["status"] == "success"


def test_cold_starts_are_counted_and_timed(functions: Functions) -> None:
    """Init, first call, and the modules of code and layers that had to be compiled at import."""
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


def test_a_function_stands_still_between_its_calls(functions: Functions) -> None:
    """Its threads too: on AWS nothing runs when no call does."""
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
    """The events of a function that has one environment."""
    stream = stream_of(functions, name)
    found = functions.client("logs").get_log_events(logGroupName=f"/aws/lambda/{name}", logStreamName=stream)["events"]
    return [event["message"].rstrip("\n") for event in found]
