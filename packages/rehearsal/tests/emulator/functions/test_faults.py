"""MiniStack's faults in functions, reproduced without the correction."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.core import lambda_runtime
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from tests.emulator.functions.conftest import ACCOUNT, REGION, Functions, zipped

DEAD_LETTERS = {"TargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead-letters"}
PROPERTIES = {
    "Code": {"ZipFile": "handler = print"},
    "Handler": "index.handler",
    "Role": f"arn:aws:iam::{ACCOUNT}:role/function",
    "Runtime": "python3.13",
}
KEPT = {"DeadLetterConfig": DEAD_LETTERS, "ReservedConcurrentExecutions": 2}


def test_functions_keep_their_dead_letters_and_concurrency() -> None:
    """The fault: a CloudFormation function has neither its dead letter queue nor its reserved concurrency."""
    name, _ = provisioners._lambda_create("Function", {**PROPERTIES, **KEPT}, "stack")
    try:
        function = lambda_svc._functions[name]
        assert "DeadLetterConfig" not in function["config"]
        assert function["concurrency"] is None
    finally:
        provisioners._lambda_delete(name, {})


def test_a_deployed_function_has_its_dead_letters_and_concurrency(functions: Functions) -> None:
    """Corrected, a new and an updated stack's function have the dead letter queue and the concurrency."""
    functions.client("sqs").create_queue(QueueName="dead-letters")
    api = functions.client("lambda")
    name = deployed(functions, "create_stack", "stack_create_complete", **KEPT)
    assert api.get_function_configuration(FunctionName=name)["DeadLetterConfig"] == DEAD_LETTERS
    assert api.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 2
    deployed(functions, "update_stack", "stack_update_complete", Description="without")
    assert "DeadLetterConfig" not in api.get_function_configuration(FunctionName=name)


def deployed(functions: Functions, verb: str, waiter: str, **properties: Any) -> str:
    """Create or update the stack, and return the name of its function."""
    resource = {"Type": "AWS::Lambda::Function", "Properties": {**PROPERTIES, **properties}}
    template = {"Resources": {"Function": resource}}
    cloudformation = functions.client("cloudformation")
    getattr(cloudformation, verb)(StackName="kept", TemplateBody=json.dumps(template))
    cloudformation.get_waiter(waiter).wait(StackName="kept", WaiterConfig={"Delay": 0.1})
    found = cloudformation.describe_stack_resources(StackName="kept")["StackResources"]
    return str(found[0]["PhysicalResourceId"])


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("import ministack", None),  # finds a package of this machine
        ("open('/var/task/main.py')", "No such file or directory"),
        ("import os; os.environ['_HANDLER']", "'_HANDLER'"),
        ("import os; assert os.environ['LEAK'] == 'of the server'", None),
    ],
)
def test_ministacks_own_worker_is_not_as_on_aws(body: str, fault: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The faults: MiniStack's worker has the host's packages and variables, no /var/task and no _HANDLER."""
    monkeypatch.setenv("LEAK", "of the server")
    config = {
        "FunctionName": "function",
        "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:function",
        "Runtime": "python3.13",
        "Handler": "main.handler",
    }
    code = f"{body}\ndef handler(event, context):\n    return 'went well'\n"
    worker = lambda_runtime.Worker("function", config, zipped(main_py=code))
    with closed(worker):
        if fault is None:
            assert worker.invoke({}, "request")["result"] == "went well"
        else:
            with pytest.raises(RuntimeError, match=fault):
                worker.invoke({}, "request")


@contextlib.contextmanager
def closed(worker: Any) -> Iterator[None]:
    """Close the pipes that MiniStack leaves open in its workers."""
    try:
        yield
    finally:
        process, reader = worker._proc, worker._stderr_thread
        worker.kill()
        reader.join()
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()
