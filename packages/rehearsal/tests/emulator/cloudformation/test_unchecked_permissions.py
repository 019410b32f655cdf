"""Resources with policies or keys that no request is checked against."""

from __future__ import annotations

from typing import Any

from rehearsal.workspace.resource_notes import resource_notes
from tests.conftest import Embedded

TABLE: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
PULL = {"Effect": "Allow", "Action": "ecr:BatchGetImage"}
POLICY = {"Version": "2012-10-17", "Statement": [{**PULL, "Principal": {"AWS": "*"}}]}
OF_A_SERVICE = {"Version": "2012-10-17", "Statement": [{**PULL, "Principal": {"Service": "lambda.amazonaws.com"}}]}


def test_a_policy_that_no_request_is_checked_against_is_reported(embedded: Embedded) -> None:
    """Each resource with such a policy or key has a line at the end of a run. Policies for AWS's services have none."""
    keyed = {**TABLE, "SSESpecification": {"SSEEnabled": True, "KMSMasterKeyId": "alias/mine"}}
    embedded.stack(
        "unchecked",
        {
            "Plain": {"Type": "AWS::DynamoDB::Table", "Properties": TABLE},
            "Keyed": {"Type": "AWS::DynamoDB::Table", "Properties": keyed},
            "Shared": {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryPolicyText": POLICY}},
            "Bootstrap": {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryPolicyText": OF_A_SERVICE}},
            "Events": {
                "Type": "AWS::Logs::ResourcePolicy",
                "Properties": {"PolicyName": "events", "PolicyDocument": "{}"},
            },
        },
    )
    assert [line for line in resource_notes(embedded.workspace) if " unchecked/" in line] == [
        "AWS::DynamoDB::Table unchecked/Keyed has a policy or a key that no request is checked against",
        "AWS::ECR::Repository unchecked/Shared has a policy that no request is checked against",
        "AWS::Logs::ResourcePolicy unchecked/Events is not evaluated",
    ]


def test_a_policy_that_an_update_adds_is_reported(embedded: Embedded) -> None:
    """A stack without one gets it later."""
    embedded.stack("later", {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": TABLE}})
    assert not [line for line in resource_notes(embedded.workspace) if " later/" in line]
    shared = {**TABLE, "ResourcePolicy": {"PolicyDocument": POLICY}}
    embedded.stack("later", {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": shared}})
    assert [line for line in resource_notes(embedded.workspace) if " later/" in line]
