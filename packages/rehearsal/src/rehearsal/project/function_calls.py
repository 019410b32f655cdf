"""The invocations of deployed functions that rehearsal.toml lists, after a run."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from rehearsal.aws import Endpoint, root
from rehearsal.project.deployed_stacks import DeployedStack

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

    from rehearsal.project.configuration import Config

MAX_CONCURRENT_CALLS = os.cpu_count() or 1


@dataclass(frozen=True)
class FunctionResponse:
    """The response of a function. ok: False where it raised an error or could not be invoked."""

    environment: str
    account: str
    function: str
    ok: bool
    text: str


def invoke_functions(
    config: Config, root_folder: Path, endpoint: Endpoint, deployed: list[DeployedStack]
) -> list[FunctionResponse]:
    """Invoke every configured function in every stack that has its output, in parallel; return responses in order."""
    with ThreadPoolExecutor(MAX_CONCURRENT_CALLS) as pool:
        outputs = pool.map(lambda stack: _outputs(endpoint, stack), deployed)
        running = []
        for stack, names in zip(deployed, outputs, strict=True):
            for invocation in config.invoke:
                if function := names.get(invocation.function):
                    event = (root_folder / invocation.event).read_bytes()
                    running.append(
                        pool.submit(_invoke_function, endpoint, stack, function, invocation.qualifier, event)
                    )
        return [response.result() for response in running]


def _invoke_function(
    endpoint: Endpoint, stack: DeployedStack, function: str, qualifier: str, event: bytes
) -> FunctionResponse:
    api = endpoint.client("lambda", root(stack.account), stack.region)
    try:
        response = api.invoke(FunctionName=function, Qualifier=qualifier, Payload=event)
        text, ok = response["Payload"].read().decode(), "FunctionError" not in response
    except ClientError as error:
        text, ok = str(error), False
    return FunctionResponse(stack.environment, stack.account, function, ok, text)


def _outputs(endpoint: Endpoint, stack: DeployedStack) -> dict[str, str]:
    api: CloudFormationClient = endpoint.client("cloudformation", root(stack.account), stack.region)
    described = api.describe_stacks(StackName=stack.name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
