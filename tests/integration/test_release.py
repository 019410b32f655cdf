"""The deployed release is the pushed and built one, and its functions respond; the tests write only log lines."""

import base64
import json
import os
from pathlib import Path
from typing import Any

from tests.integration.deployed import Deployed

EVENTS = Path(__file__).parent.parent / "events"


def answer(deployed: Deployed, function: str, event: Any) -> Any:
    """Return the live function's response; a function error fails the test with its message."""
    name = deployed.output(f"{function}FunctionName")
    got = deployed.functions.invoke(FunctionName=name, Qualifier="live", Payload=json.dumps(event))
    payload = got["Payload"].read().decode()
    assert "FunctionError" not in got, f"{name} failed: {payload}"
    return json.loads(payload)


def event(name: str) -> Any:
    """Return a realistic event of tests/events."""
    return json.loads((EVENTS / name).read_text())


def test_echo_returns_the_messages_of_an_sqs_event(deployed: Deployed) -> None:
    """Each message is returned, and none is a failure."""
    got = answer(deployed, "Echo", event("sqs.json"))
    texts = [json.loads(record["body"])["text"] for record in event("sqs.json")["Records"]]
    assert got["batchItemFailures"] == []
    assert [message["text"] for message in got["messages"]] == texts


def test_echo2_returns_the_messages_of_an_sns_event(deployed: Deployed) -> None:
    """Each message is returned."""
    got = answer(deployed, "Echo2", event("sns.json"))
    texts = [json.loads(record["Sns"]["Message"])["text"] for record in event("sns.json")["Records"]]
    assert [message["text"] for message in got["messages"]] == texts


def test_only_the_poisoned_record_of_a_batch_fails(deployed: Deployed) -> None:
    """Only the invalid record is returned as a failure."""
    batch = event("sqs.json")
    batch["Records"][1]["body"] = "poison"
    got = answer(deployed, "Echo", batch)
    assert got["batchItemFailures"] == [{"itemIdentifier": batch["Records"][1]["messageId"]}]
    assert len(got["messages"]) == len(batch["Records"]) - 1


def configuration(deployed: Deployed, function: str) -> Any:
    """Return the configuration of the live version."""
    name = deployed.output(f"{function}FunctionName")
    return deployed.functions.get_function_configuration(FunctionName=name, Qualifier="live")


def test_the_revision_that_runs_was_pushed(deployed: Deployed) -> None:
    """The stack has the build's revision, and the functions run the code with the stack's digests."""
    assert deployed.output("Revision") == os.environ.get(
        "CODEBUILD_RESOLVED_SOURCE_VERSION", deployed.output("Revision")
    )
    runs = {function: configuration(deployed, function)["CodeSha256"] for function in deployed.names()}
    digests = {function: base64.b64decode(digest).hex() for function, digest in runs.items()}
    assert digests == {function: deployed.output(f"{function}CodeDigest") for function in deployed.names()}


def test_the_layers_that_run_were_built(deployed: Deployed) -> None:
    """The functions' layers have the digests in the stack's outputs; CDK chooses their order."""
    for function in deployed.names():
        layers = configuration(deployed, function).get("Layers", [])
        held = [deployed.functions.get_layer_version_by_arn(Arn=layer["Arn"]) for layer in layers]
        digests = [base64.b64decode(layer["Content"]["CodeSha256"]).hex() for layer in held]
        built = deployed.output(f"{function}LayerDigests").replace("none", "")
        assert sorted(digests) == sorted(built.split(",") if built else []), function
