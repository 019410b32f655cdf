"""Names, URLs and outputs of the deployed stacks, for the tests of roles."""

from __future__ import annotations

from tests.e2e.deployed.conftest import Deployed


def artifacts(project: Deployed) -> str:
    """Return the pipeline's bucket."""
    found = project.client("codepipeline", "pipeline").get_pipeline(name="echo-delivery")
    return str(found["pipeline"]["artifactStore"]["location"])


def outputs(project: Deployed, environment: str) -> dict[str, str]:
    api = project.client("cloudformation", environment)
    (stack,) = api.describe_stacks(StackName=f"{environment.capitalize()}-Echo")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def letters(project: Deployed, environment: str, name: str) -> str:
    """Return the URL of the dead-letter queue of one function's event source."""
    (found,) = project.client("sqs", environment).list_queues(
        QueueNamePrefix=f"{environment.capitalize()}-Echo-{name}"
    )["QueueUrls"]
    return str(found)


def encrypted(project: Deployed, environment: str) -> bytes:
    """Return a ciphertext of the key of the environment's stack."""
    (key,) = [
        summary["PhysicalResourceId"]
        for summary in project.client("cloudformation", environment).list_stack_resources(
            StackName=f"{environment.capitalize()}-Echo"
        )["StackResourceSummaries"]
        if summary["ResourceType"] == "AWS::KMS::Key"
    ]
    blob = project.client("kms", environment).encrypt(KeyId=key, Plaintext=b"a secret")["CiphertextBlob"]
    return bytes(blob)
