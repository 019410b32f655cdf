"""Ref of a secret in a template is its ARN."""

from __future__ import annotations

from typing import Any

from ministack.services.cloudformation import provisioners

from rehearsal.emulator.ministack.corrections import stacks
from rehearsal.emulator.ministack.patches import correct
from tests.conftest import Embedded


def secret(name: str, **properties: str) -> dict[str, Any]:
    return {"Key": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": name, **properties}}}


def test_ministack_refers_to_a_secret_by_its_name(as_it_comes: None) -> None:
    """The fault: Ref is the secret's name. Corrected, it is the ARN, as on AWS."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
    assert handlers["create"]("Key", {"Name": "before"}, "stack")[0] == "before"
    correct(stacks.SECRET_REFERENCES)
    id_, attributes = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]["create"](
        "Key", {"Name": "after"}, "stack"
    )
    assert id_ == attributes["Id"]
    assert ":secret:after-" in id_


def test_a_secret_of_a_stack_is_changed_and_deleted(embedded: Embedded) -> None:
    """A new value keeps the secret's ARN; deleting the stack deletes the secret."""
    stack, name, api = embedded.name("stack"), embedded.name("secret"), embedded.client("secretsmanager")
    reference = {"Ref": "Key"}
    for status, value in (("CREATE_COMPLETE", "one"), ("UPDATE_COMPLETE", "two")):
        done = embedded.stack(stack, secret(name, SecretString=value), Arn=reference)
        assert done["StackStatus"] == status
        read = api.get_secret_value(SecretId=done["Outputs"][0]["OutputValue"])
        assert (read["SecretString"], read["ARN"]) == (value, done["Outputs"][0]["OutputValue"])
    embedded.client("cloudformation").delete_stack(StackName=stack)
    embedded.client("cloudformation").get_waiter("stack_delete_complete").wait(
        StackName=stack, WaiterConfig={"Delay": 1}
    )
    assert name not in [row["Name"] for row in api.list_secrets()["SecretList"]]
