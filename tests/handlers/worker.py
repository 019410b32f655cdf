"""Runs one handler as in Lambda, with only the code, the layers and the standard library.

Called as `python -I -S worker.py CODE [LAYER...]`. Writes {} after the import of the code, or {"error"} and ends; then
it reads one event per line, and writes {"answer" | "error", "logs"} as one line.
"""

import importlib
import io
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

protocol = os.fdopen(os.dup(1), "w")
# The logger keeps the stream of its creation, so this precedes the import.
sys.stdout = io.StringIO()
code, *layers = sys.argv[1:]
sys.path[:0] = [code, *(str(Path(layer, "python")) for layer in layers)]

try:
    main = importlib.import_module("main")
except Exception as error:  # noqa: BLE001 - any import error is reported
    print(json.dumps({"error": f"{type(error).__name__}: {error}"}), file=protocol, flush=True)
    sys.exit(1)
print(json.dumps({}), file=protocol, flush=True)

CONTEXT = SimpleNamespace(
    function_name="function",
    memory_limit_in_mb=256,
    invoked_function_arn="arn:aws:lambda:eu-west-1:222222222222:function:function:live",
    aws_request_id="8a1b4e8e-6c1b-4a42-9d3b-3f1fb8f4a9c1",
    get_remaining_time_in_millis=lambda: 10_000,
)

for line in sys.stdin:
    try:
        result = {"answer": main.handler(json.loads(line), CONTEXT)}
    except Exception as error:  # noqa: BLE001 - Lambda catches all of them as well
        result = {"error": f"{type(error).__name__}: {error}"}
    result["logs"] = [json.loads(text) for text in sys.stdout.getvalue().split("\n") if text]
    sys.stdout.seek(0)
    sys.stdout.truncate()
    print(json.dumps(result), file=protocol, flush=True)
