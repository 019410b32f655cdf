"""The property of a resource type that holds the name of its resources, by which an account and region knows them."""

from __future__ import annotations

from rehearsal.emulator.iam.cfnlint_data import resource_schema

_PROPERTIES = "/properties/"
# Types whose identifier, an ARN or URL, ends with the name.
NAME_PROPERTIES = {
    "AWS::Events::Rule": "Name",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}


def name_property(type_: str) -> str:
    """Return the property that identifies resources of a type; empty where CloudFormation generates the identifier."""
    schema = resource_schema(type_)
    identifiers = schema.get("primaryIdentifier", ())
    if len(identifiers) == 1 and identifiers[0] not in schema.get("readOnlyProperties", ()):
        return identifiers[0].removeprefix(_PROPERTIES)
    return NAME_PROPERTIES.get(type_, "")
