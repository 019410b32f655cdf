"""Principals of resource policies: MiniStack accepts principals that do not exist without the correction."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from ministack.core import iam_evaluator as evaluator
from ministack.services import iam, kms, lambda_svc, s3, sns, sqs
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.iam import roles
from rehearsal.emulator.iam.policy_principals import InvalidPrincipal
from rehearsal.emulator.ministack.corrections import refusals
from rehearsal.emulator.ministack.patches import correct
from tests.emulator.iam.principals import ACCOUNT, OTHER, REGION, make_role, trusting

pytestmark = pytest.mark.usefixtures("as_it_comes")

NOBODY = f"arn:aws:iam::{OTHER}:role/nobody"
BOOTSTRAP = f"arn:aws:iam::{OTHER}:role/cdk-hnb659fds-deploy-role-{OTHER}-{REGION}"


def policy(*principals: str) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": {"AWS": list(principals)}}]}


def put_key_policy(document: str) -> tuple[int, str]:
    key = json.loads(kms._create_key({})[2])["KeyMetadata"]["KeyId"]
    answer = kms._put_key_policy({"KeyId": key, "Policy": document})
    return answer[0], answer[2].decode()


def create_key(document: str) -> tuple[int, str]:
    answer = kms._create_key({"Policy": document})
    return answer[0], answer[2].decode()


def put_bucket_policy(document: str) -> tuple[int, str]:
    s3._buckets["b"] = {"objects": {}}
    answer = s3._put_bucket_policy("b", document.encode())
    return answer[0], answer[2].decode()


def create_role(document: str) -> tuple[int, str]:
    iam._roles.pop("made", None)
    params = {"RoleName": ["made"], "AssumeRolePolicyDocument": [document]}
    answer = iam._IAM_HANDLERS["CreateRole"](params)
    return answer[0], answer[2].decode()


def update_trust(document: str) -> tuple[int, str]:
    make_role("made")
    answer = iam._IAM_HANDLERS["UpdateAssumeRolePolicy"]({"RoleName": ["made"], "PolicyDocument": [document]})
    return answer[0], answer[2].decode()


def create_queue(document: str) -> tuple[int, str]:
    try:
        sqs._HANDLERS["CreateQueue"]({"QueueName": uuid.uuid4().hex, "Attributes": {"Policy": document}}, "")
    except sqs._Err as error:
        return error.status, error.message
    return 200, ""


def set_queue_policy(document: str) -> tuple[int, str]:
    url = sqs._HANDLERS["CreateQueue"]({"QueueName": "q"}, "")["QueueUrl"]
    try:
        sqs._HANDLERS["SetQueueAttributes"]({"Attributes": {"Policy": document}}, url)
    except sqs._Err as error:
        return error.status, error.message
    return 200, ""


def create_topic(document: str) -> tuple[int, str]:
    attribute = {"Attributes.entry.1.key": ["Policy"], "Attributes.entry.1.value": [document]}
    answer = sns._create_topic({"Name": [f"t-{uuid.uuid4().hex}"], **attribute})
    return answer[0], answer[2].decode()


def set_topic_policy(document: str) -> tuple[int, str]:
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:t"
    sns._create_topic({"Name": ["t"]})
    answer = sns._set_topic_attributes({"TopicArn": [arn], "AttributeName": ["Policy"], "AttributeValue": [document]})
    return answer[0], answer[2].decode()


def add_permission(document: str) -> tuple[int, str]:
    lambda_svc._functions["f"] = {"policy": {"Statement": []}}
    (statement,) = json.loads(document)["Statement"]
    answer = lambda_svc._add_permission("f", {"Principal": statement["Principal"]["AWS"][-1]})
    return answer[0], answer[2].decode()


@pytest.mark.parametrize(
    ("put", "told"),
    [
        (create_queue, "Invalid value for the parameter Policy."),
        (set_queue_policy, "Invalid value for the parameter Policy."),
        (create_topic, "Invalid parameter: Policy Error: PrincipalNotFound"),
        (set_topic_policy, "Invalid parameter: Policy Error: PrincipalNotFound"),
        (add_permission, "The provided principal was invalid. Please check the principal and try again."),
        (put_key_policy, "Policy contains a statement with one or more invalid principals."),
        (create_key, "Policy contains a statement with one or more invalid principals."),
        (put_bucket_policy, "Invalid principal in policy"),
        (create_role, f'Invalid principal in policy: "AWS":"{NOBODY}"'),
        (update_trust, f'Invalid principal in policy: "AWS":"{NOBODY}"'),
    ],
)
def test_a_principal_that_does_not_exist_is_refused(put: Callable[[str], tuple[int, str]], told: str) -> None:
    """The fault: it is accepted. Corrected, it is rejected with AWS's message, and an existing one is not."""
    somebody = make_role("somebody")
    missing, present = json.dumps(policy(somebody, NOBODY)), json.dumps(policy(somebody))
    assert put(missing)[0] < 300
    correct(refusals.PRINCIPALS)
    status, body = put(missing)
    assert (status, told in body) == (400, True), body
    assert put(present)[0] < 300


@pytest.mark.parametrize(
    ("kind", "property_", "more"),
    [
        ("AWS::KMS::Key", "KeyPolicy", {}),
        ("AWS::S3::BucketPolicy", "PolicyDocument", {"Bucket": "b"}),
        ("AWS::SQS::QueuePolicy", "PolicyDocument", {"Queues": ["q"]}),
        ("AWS::SNS::TopicPolicy", "PolicyDocument", {"Topics": ["t"]}),
        ("AWS::IAM::Role", "AssumeRolePolicyDocument", {"RoleName": "made"}),
    ],
)
def test_a_stack_with_such_a_policy_fails(kind: str, property_: str, more: dict[str, str]) -> None:
    """A stack fails if a new or changed policy has a missing principal; unchanged policies are not evaluated again."""
    correct(refusals.PRINCIPALS)
    handlers = provisioners._RESOURCE_HANDLERS[kind]
    good, bad = ({**more, property_: policy(arn)} for arn in (make_role("somebody"), NOBODY))
    with pytest.raises(InvalidPrincipal, match=f"(?s)(nvalid principal|Policy).*{NOBODY}"):
        handlers["create"]("It", bad, "stack")
    name, _ = handlers["create"]("It", good, "stack")
    where = ("stack", "It") if handlers.get("update_with_logical_id") else ("stack",)
    with pytest.raises(InvalidPrincipal):
        handlers["update"](name, good, bad, *where)
    iam._roles.pop("somebody")
    handlers["update"](name, good, {**good, "Description": "changed"}, *where)


@pytest.mark.parametrize("principal", ["*", ACCOUNT, f"arn:aws:iam::{OTHER}:root"])
def test_other_principals_need_not_exist(principal: str) -> None:
    """A policy may name everybody, accounts, and services."""
    correct(refusals.PRINCIPALS)
    assert create_key(json.dumps(policy(principal)))[0] == 200
    service = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs"}}]}
    assert create_role(json.dumps(service))[0] == 200


def test_the_roles_of_a_bootstrap_that_is_to_come_are_refused() -> None:
    """A policy with roles of an account that is not bootstrapped yet is rejected, as on AWS."""
    correct(refusals.PRINCIPALS)
    status, answer = create_key(json.dumps(policy(BOOTSTRAP)))
    assert (status, "invalid principals" in answer) == (400, True)


def allows(document: Any, arn: str) -> bool:
    """Return whether a policy allows a session of the role."""
    who = roles.session_principal(arn, "now")
    context = evaluator.EvalContext(
        principal_arn=who.arn,
        principal_type=who.type,
        principal_account=who.account,
        action="kms:Decrypt",
        resource_arn="*",
        region=REGION,
    )
    return bool(evaluator.evaluate_resource_policy(document, context).decision == "Allow")


def delete_by_api(name: str) -> None:
    iam._roles[name]["InlinePolicies"] = {}
    assert iam._IAM_HANDLERS["DeleteRole"]({"RoleName": [name]})[0] == 200


def delete_with_stack(name: str) -> None:
    provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]["delete"](name, {})


@pytest.mark.parametrize("delete", [delete_by_api, delete_with_stack])
def test_a_role_that_is_created_again_is_another_principal(delete: Callable[[str], None]) -> None:
    """The fault: old policies allow a recreated role. Corrected, they name the id of the deleted role."""
    arn, id_ = make_role("again"), "AROAAGAIN"
    document = json.dumps(policy(arn))
    key = json.loads(kms._create_key({"Policy": document})[2])["KeyMetadata"]["KeyId"]
    put_bucket_policy(document)
    set_queue_policy(document)
    set_topic_policy(document)
    add_permission(document)
    trusting_role = make_role("trusting", trust=trusting(AWS=arn))
    delete("again")
    make_role("again")
    assert allows(kms._keys[key]["Policy"], arn)
    correct(refusals.DELETED_ROLES)
    delete("again")
    make_role("again")
    kept = [kms._keys[key]["Policy"], s3._bucket_policies["b"]]
    kept.append(roles.role_by_arn(trusting_role)["AssumeRolePolicyDocument"])
    kept += [record["attributes"]["Policy"] for store in (sqs._queues, sns._topics) for record in store.values()]
    kept.append(json.dumps(lambda_svc._functions["f"]["policy"]))
    assert [id_ in document and arn not in document for document in kept] == [True] * 6
    assert not allows(kept[0], arn)
    assert not allows(kept[1], arn)


def test_roles_of_a_longer_name_stay() -> None:
    """A role whose name begins with a deleted role's name is not affected."""
    correct(refusals.DELETED_ROLES)
    make_role("again")
    other = make_role("again-and-again")
    put_bucket_policy(json.dumps(policy(other)))
    delete_by_api("again")
    assert allows(s3._bucket_policies["b"], other)
