"""Principals of resource and trust policies: an unknown one is an error, a deleted one does not match any more.

Source: IAM user guide, "AWS JSON policy elements: Principal": IAM stores the role's unique id in the policy, and a role
of the same name that is created later has another id; a principal that does not exist is an error. The error messages
are AWS's, from public reports: aws-cdk#9747, aws-cdk#21097, aws-cdk#11934; for queues aws-cdk#15602, for topics
terraform-provider-aws#26041, for functions cloudformation-coverage-roadmap#1189.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypedDict

from rehearsal.emulator.cloudformation.resource_handlers import Create, Update
from rehearsal.emulator.iam import roles
from rehearsal.emulator.ministack.port import functions, iam, kms, messaging, s3
from rehearsal.emulator.ministack.port.cloudformation import Properties, ProvisionedResource
from rehearsal.emulator.ministack.port.iam import IdentityRecord
from rehearsal.emulator.ministack.port.requests import Answer, Operation, Params, error_response_json

_IDENTITY = re.compile(r"arn:aws:iam::\d{12}:(role|user)/.+")
_SQS_ERROR = "Invalid value for the parameter Policy."
_SNS_ERROR = "Invalid parameter: Policy Error: PrincipalNotFound"
_LAMBDA_ERROR = "The provided principal was invalid. Please check the principal and try again."
_KMS_ERROR = "Policy contains a statement with one or more invalid principals."


class QueueParams(TypedDict, total=False):
    Attributes: Mapping[str, str]


type QueueOperation = Callable[[QueueParams, str], object]


class InvalidPrincipal(ValueError):
    """A policy names a role or user that does not exist."""


def reject_in_created(property_: str, message: str) -> Callable[[Create[Properties]], Create[Properties]]:
    """Return a decorator for create handlers; the replacement checks the policy in a property first.

    message: the service's error message; `{}` is replaced by the principal.
    """

    def replace(create: Create[Properties]) -> Create[Properties]:
        def create_checked(logical_id: str, properties: Properties, stack: str) -> ProvisionedResource:
            _check(properties.get(property_), message)
            return create(logical_id, properties, stack)

        return create_checked

    return replace


def reject_in_updated(property_: str, message: str) -> Callable[[Update], Update]:
    """Return a decorator for update handlers; the replacement checks the policy in a property where it changes."""

    def replace(update: Update) -> Update:
        def update_checked(name: str, old: Properties, new: Properties, *rest: str) -> ProvisionedResource:
            if new.get(property_) != old.get(property_):
                _check(new.get(property_), message)
            return update(name, old, new, *rest)

        return update_checked

    return replace


def reject_key_policy(operation: Operation) -> Operation:
    """Return the replacement of CreateKey and PutKeyPolicy."""

    def operate(data: Params) -> Answer:
        if _missing(data.get("Policy")):
            return error_response_json("MalformedPolicyDocumentException", _KMS_ERROR, 400)
        return operation(data)

    return operate


def reject_bucket_policy(put: Callable[[str, bytes], Answer]) -> Callable[[str, bytes], Answer]:
    """Return the replacement of PutBucketPolicy."""

    def put_checked(bucket: str, body: bytes) -> Answer:
        if _missing(body.decode(errors="replace")):
            return s3.error_answer("MalformedPolicy", "Invalid principal in policy", 400)
        return put(bucket, body)

    return put_checked


def reject_queue_policy(operation: QueueOperation) -> QueueOperation:
    """Return the replacement of CreateQueue and SetQueueAttributes."""

    def operate(data: QueueParams, url: str) -> object:
        if _missing((data.get("Attributes") or {}).get("Policy")):
            raise messaging.queue_error("InvalidAttributeValue", _SQS_ERROR)
        return operation(data, url)

    return operate


def reject_topic_policy(operation: Operation) -> Operation:
    """Return the replacement of CreateTopic and SetTopicAttributes."""

    def operate(params: Params) -> Answer:
        if _missing(messaging.topic_policy(params)):
            return messaging.topic_error_answer("InvalidParameter", _SNS_ERROR, 400)
        return operation(params)

    return operate


def reject_permission(add: Callable[..., Answer]) -> Callable[..., Answer]:
    """Return the replacement of Lambda's AddPermission, which the resource handler of stacks uses as well."""

    def add_checked(function: str, data: Params, *more: object, **named: object) -> Answer:
        if not _exists(str(data.get("Principal", ""))):
            return error_response_json("InvalidParameterValueException", _LAMBDA_ERROR, 400)
        return add(function, data, *more, **named)

    return add_checked


def reject_trust_policy(parameter: str) -> Callable[[Operation], Operation]:
    """Return a decorator for IAM's operations with a trust policy in the request's `parameter`."""

    def replace(operation: Operation) -> Operation:
        def operate(params: Params) -> Answer:
            if missing := _missing(iam.parameter(params, parameter)):
                return iam.error_answer("MalformedPolicyDocument", _iam_message(missing), 400)
            return operation(params)

        return operate

    return replace


def lose_deleted_role(delete: Operation) -> Operation:
    """Return the replacement of DeleteRole; it replaces the role's ARN in policies with the role's unique id."""

    def delete_role(params: Params) -> Answer:
        role = iam.own_role(iam.parameter(params, "RoleName"))
        answer = delete(params)
        if answer[0] == 200:
            _replace_principal(role)
        return answer

    return delete_role


def lose_role_of_stack(delete: Callable[[str, Properties], None]) -> Callable[[str, Properties], None]:
    """Return the replacement of the handler that deletes a stack's role; see lose_deleted_role."""

    def delete_role(name: str, properties: Properties) -> None:
        role = iam.own_role(name)
        delete(name, properties)
        _replace_principal(role)

    return delete_role


def _replace_principal(role: IdentityRecord) -> None:
    """Replace the role's ARN with its unique id in every policy of all accounts; no later principal has that id."""
    if not role:
        return
    arn, unique_id = json.dumps(role["Arn"]), json.dumps(role["RoleId"])

    def without_role(policy: str) -> str:
        return policy.replace(arn, unique_id) if arn in policy else policy

    for service in (kms, s3, messaging, functions):
        service.rewrite_policies(without_role)
    iam.rewrite_trust_policies(without_role)


def _check(document: object, message: str) -> None:
    """Raise InvalidPrincipal where a principal of the policy does not exist."""
    if missing := _missing(document):
        raise InvalidPrincipal(message.replace("{}", missing))


def _iam_message(principal: str) -> str:
    return f'Invalid principal in policy: "AWS":"{principal}"'


IAM_MESSAGE, S3_MESSAGE, KMS_MESSAGE = _iam_message("{}"), "Invalid principal in policy: {}", f"{_KMS_ERROR} ({{}})"
SQS_MESSAGE, SNS_MESSAGE = f"{_SQS_ERROR} ({{}})", f"{_SNS_ERROR} ({{}})"


def _missing(document: object) -> str:
    """Return the first principal of a policy that does not exist; empty where all do."""
    try:
        policy = json.loads(document) if isinstance(document, str) else document
    except ValueError:
        return ""  # the service reports invalid JSON
    return next((principal for principal in _principals(policy) if not _exists(principal)), "")


def _principals(policy: object) -> Iterator[str]:
    statements = policy.get("Statement", []) if isinstance(policy, Mapping) else []
    for statement in statements if isinstance(statements, list) else [statements]:
        for element in ("Principal", "NotPrincipal"):
            value = statement.get(element)
            principals = value.get("AWS", []) if isinstance(value, Mapping) else []
            yield from (str(principal) for principal in (principals if isinstance(principals, list) else [principals]))


def _exists(principal: str) -> bool:
    if not _IDENTITY.fullmatch(principal):
        return True
    account, name = principal.split(":")[4], principal.rsplit("/", 1)[-1]
    record = roles.role_by_arn(principal) if ":role/" in principal else iam.user_record(account, name)
    return bool(record)
