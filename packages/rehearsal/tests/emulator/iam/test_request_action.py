"""MiniStack's faults in a request's action, and the action of each operation in AWS's models.

The requests are the ones that botocore sends, so that a wrong name or path of any operation is found.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlencode

import botocore.session
import pytest
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.serialize import create_serializer
from ministack.core import iam_actions

from rehearsal.emulator.iam import request_action
from rehearsal.emulator.iam.cfnlint_data import DATA
from rehearsal.emulator.iam.request_action import OPERATION_PERMISSIONS
from rehearsal.emulator.ministack.corrections import requests
from rehearsal.emulator.ministack.patches import correct

pytestmark = pytest.mark.usefixtures("as_it_comes")

ACTIONS = (requests.ACTION_PARAMETER, requests.LAMBDA_ACTIONS, requests.OPERATION_PERMISSIONS)
# The services that builds, functions and templates call: MiniStack's name -> botocore's.
SERVICES = {
    name: name for name in ("cloudformation", "codebuild", "dynamodb", "ecs", "events", "iam", "kms", "lambda", "logs")
}
SERVICES |= {name: name for name in ("s3", "scheduler", "secretsmanager", "sns", "sqs", "ssm", "sts")}
SERVICES |= {"monitoring": "cloudwatch", "states": "stepfunctions"}
# Actions that AWS evaluates and this emulator does not: the row of docs/fidelity/iam.md says so.
NOT_ASKED = {
    *("dynamodb:ExecuteStatement", "dynamodb:BatchExecuteStatement", "dynamodb:ExecuteTransaction"),
    *("s3:GetBucketAbac", "s3:PutBucketAbac", "s3:GetBucketMetadataTableConfiguration"),
    *("s3:CreateBucketMetadataTableConfiguration", "s3:DeleteBucketMetadataTableConfiguration"),
    *("s3:GetObjectTorrent", "s3:UpdateObjectEncryption"),
    *(f"s3:UpdateBucketMetadata{part}TableConfiguration" for part in ("Annotation", "Inventory", "Journal")),
}
# Each item is evaluated separately, as its own operation.
BY_ITEM = {"dynamodb:TransactGetItems", "dynamodb:TransactWriteItems"}
# Newer than the reference that cfn-lint ships.
NEWER = {
    *("cloudwatch:AssociateDatasetKmsKey", "cloudwatch:DisassociateDatasetKmsKey"),
    *("cloudwatch:DescribeAlarmContributors", "logs:GetLogObject", "iam:AcquireRole", "iam:UpdateDelegationRequest"),
}

REFERENCE: dict[str, Any] = json.loads((DATA / "AdditionalSpecs" / "Policies.json").read_text())


def asked(service: str, operation: str) -> str:
    """Return the action that MiniStack evaluates for botocore's smallest request of the operation."""
    model = model_of(service)
    shape = model.operation_model(operation)
    serializer = create_serializer(model.resolved_protocol, include_validation=False)
    sent = serializer.serialize_to_request(least(shape), shape)
    path, _, fixed = sent["url_path"].partition("?")
    query = sent["query_string"] if isinstance(sent["query_string"], str) else urlencode(sent["query_string"])
    body = urlencode(sent["body"]) if isinstance(sent["body"], dict) else sent["body"]
    parameters = parse_qs(f"{fixed}&{query}", keep_blank_values=True)
    if model.resolved_protocol == "query":
        parameters |= parse_qs(body)
    headers = {name.lower(): value for name, value in sent["headers"].items()}
    return str(iam_actions.extract_iam_action(service, sent["method"], path, headers, b"", parameters))


def least(operation: OperationModel) -> dict[str, object]:
    """Return an operation's input with its required members and the members of its path."""
    return structure(operation.input_shape) if operation.input_shape else {}


def structure(shape: StructureShape) -> dict[str, object]:
    in_path = [name for name, member in shape.members.items() if member.serialization.get("location") == "uri"]
    return {name: value(shape.members[name]) for name in {*shape.required_members, *in_path}}


def value(shape: Shape) -> object:
    if isinstance(shape, StructureShape):
        return structure(shape)
    if isinstance(shape, ListShape):
        return [value(shape.member)]
    if shape.type_name == "map":
        return {}
    return {"string": "a-name", "blob": b"", "boolean": True}.get(shape.type_name, 1)


@cache
def model_of(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(SERVICES[service])


@pytest.mark.parametrize("service", SERVICES)
def test_each_operation_is_asked_for_an_action_of_aws(service: str) -> None:
    """Each operation needs the action with its name, if the service authorization reference has one."""
    correct(*ACTIONS)
    namespace = iam_actions.SERVICE_TO_IAM_NAMESPACE[service]
    known = REFERENCE[namespace]["Actions"]
    wrong = {}
    for operation in model_of(service).operation_names:
        own, found = f"{namespace}:{operation}", asked(service, operation)
        expected = OPERATION_PERMISSIONS.get(own, own if operation.lower() in known else found)
        right = found.lower() == expected.lower() and found.partition(":")[2].lower() in known
        if not right and own not in NEWER | NOT_ASKED | BY_ITEM:
            wrong[own] = found
    assert wrong == {}


def test_an_operation_of_lambda_is_told_by_its_path() -> None:
    """The fault: Lambda's delete and update operations need only List actions, or none."""
    assert asked("lambda", "DeleteAlias") == asked("lambda", "UpdateAlias") == "lambda:ListAliases"
    assert asked("lambda", "DeleteLayerVersion") == "None"
    assert asked("lambda", "GetLayerVersionByArn") == "lambda:ListLayers"
    correct(requests.LAMBDA_ACTIONS)
    assert asked("lambda", "DeleteAlias") == "lambda:DeleteAlias"
    assert asked("lambda", "DeleteLayerVersion") == "lambda:DeleteLayerVersion"


@pytest.mark.parametrize("path", ["/2015-03-31/functions/f/other", "//2015-03-31/functions/f/policy", "/2015-03-31"])
def test_a_path_that_lambda_does_not_have_is_nobodys(path: str) -> None:
    """A request with an unknown path has an unknown action, and is denied."""
    correct(*ACTIONS)
    assert iam_actions.extract_iam_action("lambda", "GET", path, {}, b"", {}) == request_action.UNKNOWN


def test_a_path_is_read_as_lambda_reads_it() -> None:
    """An encoded slash in the path is decoded, and an Action parameter is ignored."""
    correct(*ACTIONS)
    path, beside = "/2015-03-31/functions/f%2Faliases%2Flive", {"Action": "ListFunctions"}
    assert iam_actions.extract_iam_action("lambda", "DELETE", path, {}, b"", beside) == "lambda:DeleteAlias"


def test_an_operation_without_an_action_is_asked_as_another_one() -> None:
    """The fault: SendMessageBatch needs an action of its name, which AWS does not have."""
    assert asked("sqs", "SendMessageBatch") == "sqs:SendMessageBatch"
    correct(requests.OPERATION_PERMISSIONS)
    assert asked("sqs", "SendMessageBatch") == "sqs:SendMessage"
    assert asked("sns", "PublishBatch") == "sns:Publish"


@pytest.mark.parametrize(
    ("service", "method", "path", "headers", "right"),
    [
        ("s3", "DELETE", "/bucket/key", {}, "s3:DeleteObject"),
        ("dynamodb", "POST", "/", {"x-amz-target": "DynamoDB_20120810.DeleteTable"}, "dynamodb:DeleteTable"),
        ("sqs", "POST", "/", {"x-amz-target": "AmazonSQS.DeleteQueue"}, "sqs:DeleteQueue"),
        (
            "monitoring",
            "POST",
            "/service/GraniteServiceVersion20100801/operation/DeleteAlarms",
            {},
            "cloudwatch:DeleteAlarms",
        ),
    ],
)
def test_an_operation_is_not_what_its_caller_calls_it(
    service: str, method: str, path: str, headers: dict[str, str], right: str
) -> None:
    """The fault: `?Action=List...` in the URL makes any operation need only a List permission."""
    request = (service, method, path, headers, b"", {"Action": "ListThem"})
    assert iam_actions.extract_iam_action(*request).endswith(":ListThem")
    correct(requests.ACTION_PARAMETER)
    assert iam_actions.extract_iam_action(*request) == right


@pytest.mark.parametrize("service", ["sns", "sqs"])
def test_a_service_of_the_query_protocol_goes_by_its_action(service: str) -> None:
    """A query protocol request is evaluated by its Action parameter, not by its target header."""
    correct(*ACTIONS)
    request = (service, "POST", "/", {"x-amz-target": "Other.ListThem"}, b"", {"Action": "DeleteThis"})
    assert iam_actions.extract_iam_action(*request) == f"{service}:DeleteThis"
