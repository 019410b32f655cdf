"""A function's role: its trust policy, its credentials, and its permission to write logs."""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError
from ministack import app
from ministack.core import lambda_runtime
from ministack.services import sts

from rehearsal.engine.endpoint import Credentials
from tests.conftest import Embedded
from tests.emulator.functions.conftest import ACCOUNT, REGION, Functions, zipped
from tests.emulator.iam.principals import trusting

WHO = "import boto3\ndef handler(event, context):\n    return boto3.client('sts').get_caller_identity()['Arn']"
REFUSED = "The role defined for the function cannot be assumed by Lambda: lambda.amazonaws.com "


@pytest.fixture(scope="module")
def functions(enforced: Embedded) -> Functions:
    """Functions with IAM enforced: the role `function` trusts Lambda, the role `build` does not."""
    iam = enforced.client("iam")
    for name, service in (("function", "lambda"), ("build", "codebuild")):
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):  # the tests of builds have `build` too
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))
    return Functions(enforced.endpoint, enforced.workspace)


def trust(service: str) -> str:
    return json.dumps({"Version": "2012-10-17", **trusting(Service=f"{service}.amazonaws.com")})


def guessed(name: str, role: str) -> Credentials:
    """Return credentials that are derived from the names of a function and its role."""
    arns = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:arn:aws:iam::{ACCOUNT}:role/{role}"
    digest = hashlib.sha256(arns.encode()).hexdigest()
    secret, token = (hashlib.sha256(f"{kind}:{digest}".encode()).hexdigest() for kind in ("secret", "token"))
    return Credentials(f"ASIA{digest[:16].upper()}", secret, token)


def test_ministack_derives_credentials_from_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault: MiniStack derives a function's credentials from names."""
    monkeypatch.setattr(app, "AUTH", True)
    config = {
        "FunctionName": "function",
        "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:function",
        "Role": f"arn:aws:iam::{ACCOUNT}:role/function",
    }
    found = lambda_runtime.execution_credentials(config)
    sts._sessions.clear()
    assert Credentials(*found.values()) == guessed("function", "function")


def test_a_functions_keys_are_its_environments_own(functions: Functions) -> None:
    """Each environment has separate credentials of its role's session; they do not follow from names.

    The SDK verifies the embedded AWS's certificate with a bundle next to the runtime.
    """
    name = functions.make(WHO)
    assert functions.call(name).answer == f"arn:aws:sts::{ACCOUNT}:assumed-role/function/{name}"
    keys = "[os.environ[name] for name in ('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN')]"
    code = f"import os\ndef handler(event, context):\n    return {keys}"
    first, second = (Credentials(*functions.call(functions.make(code)).answer) for _ in range(2))
    assert len({first.access_key, second.access_key, first.secret_key, second.secret_key}) == 4
    assert functions.endpoint.client("sts", first, REGION).get_caller_identity()["Account"] == ACCOUNT
    with pytest.raises(ClientError, match=r"InvalidClientTokenId|signature|security token"):
        functions.endpoint.client("sts", guessed(name, "function"), REGION).get_caller_identity()


@pytest.mark.parametrize(
    ("role", "why"),
    [("build", "may not assume .*role/build: its trust policy"), ("none", "cannot assume .*no such role")],
)
def test_functions_get_a_role_that_lambda_may_assume(functions: Functions, role: str, why: str) -> None:
    """The API and CloudFormation reject a role that does not exist or does not trust Lambda."""
    arn, api = f"arn:aws:iam::{ACCOUNT}:role/{role}", functions.client("lambda")
    with pytest.raises(ClientError, match=f"InvalidParameterValueException.*{REFUSED}{why}"):
        functions.make(WHO, Role=arn)
    with pytest.raises(ClientError, match=f"InvalidParameterValueException.*{REFUSED}{why}"):
        api.update_function_configuration(FunctionName=functions.make(WHO), Role=arn)
    properties = {"Code": {"ZipFile": WHO}, "Handler": "index.handler", "Role": arn, "Runtime": "python3.13"}
    assert REFUSED in failure(functions, role, properties)


def failure(functions: Functions, stack: str, properties: dict[str, Any]) -> str:
    """Return why the creation of a stack with this function failed."""
    api = functions.client("cloudformation")
    template = {"Resources": {"Function": {"Type": "AWS::Lambda::Function", "Properties": properties}}}
    api.create_stack(StackName=stack, TemplateBody=json.dumps(template))
    with pytest.raises(WaiterError):
        api.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 0.2})
    reasons: list[str] = [
        event.get("ResourceStatusReason", "") for event in api.describe_stack_events(StackName=stack)["StackEvents"]
    ]
    return next(reason for reason in reasons if "Lambda" in reason)


def test_a_role_that_trusts_lambda_no_more_ends_its_functions_calls(functions: Functions) -> None:
    """An invocation fails with the reason after its role has stopped trusting Lambda."""
    api = functions.client("iam")
    api.create_role(RoleName="fickle", AssumeRolePolicyDocument=trust("lambda"))
    name = functions.make(WHO, Role=f"arn:aws:iam::{ACCOUNT}:role/fickle")
    assert not functions.call(name).error
    api.update_assume_role_policy(RoleName="fickle", PolicyDocument=trust("codebuild"))
    functions.client("lambda").update_function_code(FunctionName=name, ZipFile=zipped(main_py=WHO))
    result = functions.call(name)
    assert result.error
    assert REFUSED in result.answer["errorMessage"]


def test_a_function_logs_with_the_permissions_of_its_role(functions: Functions) -> None:
    """Without permissions for logs an invocation succeeds and writes no log events, as on AWS."""
    api, logs = functions.client("iam"), functions.client("logs")
    api.create_role(RoleName="silent", AssumeRolePolicyDocument=trust("lambda"))
    name = functions.make("def handler(*_):\n    print('HERE')", Role=f"arn:aws:iam::{ACCOUNT}:role/silent")
    group = f"/aws/lambda/{name}"

    def lines() -> list[str]:
        assert not functions.call(name).error
        if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            return []
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        return [event["message"] for page in pages for event in page["events"]]

    def allow(*actions: str) -> None:
        named = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"
        statement = {"Effect": "Allow", "Action": [f"logs:{action}" for action in actions], "Resource": f"{named}*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        api.put_role_policy(RoleName="silent", PolicyName="logs", PolicyDocument=document)

    assert lines() == []
    allow("CreateLogStream", "PutLogEvents")
    assert lines() == [], "the group cannot be created"
    allow("CreateLogGroup", "CreateLogStream", "PutLogEvents")
    assert "HERE" in lines()
