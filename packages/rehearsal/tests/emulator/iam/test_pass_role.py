"""The permission iam:PassRole: MiniStack does not evaluate it without the correction."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from rehearsal.aws import Endpoint, root
from rehearsal.emulator.iam import enforcement, roles
from rehearsal.emulator.iam.denial_messages import Denial
from rehearsal.emulator.ministack.corrections import permissions, requests
from rehearsal.emulator.ministack.patches import correct
from tests.conftest import Embedded
from tests.emulator.iam.principals import ACCOUNT, REGION, allow, make_role, trusting

WANTED = f"arn:aws:iam::{ACCOUNT}:role/wanted"

ACTION, GIVEN = {"roleArn": WANTED}, {"configuration": {"RoleArn": WANTED}}


def decided(action: str, body: dict[str, Any], *policy: dict[str, Any]) -> Denial | None:
    """Return the denial of the checks that follow MiniStack's own decision, or None."""
    statements = [statement for document in policy for statement in document["Statement"]]
    who = roles.session_principal(make_role("maker", {"Statement": statements} if statements else None), "at-work")
    request = enforcement.Request(who, action, "*", REGION, body=json.dumps(body).encode())
    return next(filter(None, (check(request) for check in enforcement._additional_checks)), None)


@pytest.mark.parametrize(
    ("action", "body", "service"),
    [
        ("lambda:CreateFunction", {"Role": WANTED}, "lambda"),
        ("lambda:UpdateFunctionConfiguration", {"Role": WANTED}, "lambda"),
        ("codepipeline:CreatePipeline", {"pipeline": {"roleArn": WANTED}}, "codepipeline"),
        ("codepipeline:UpdatePipeline", {"pipeline": {"stages": [{"actions": [ACTION]}]}}, "codepipeline"),
        ("codepipeline:CreatePipeline", {"pipeline": {"stages": [{"actions": [GIVEN]}]}}, "cloudformation"),
        ("codebuild:CreateProject", {"serviceRole": WANTED}, "codebuild"),
        ("codebuild:StartBuild", {"serviceRoleOverride": WANTED}, "codebuild"),
        ("events:PutTargets", {"Targets": [{"Arn": "any"}, {"RoleArn": WANTED}]}, "events"),
        ("ecs:RegisterTaskDefinition", {"taskRoleArn": WANTED}, "ecs-tasks"),
    ],
)
def test_a_passed_role_needs_pass_role(as_it_comes: None, action: str, body: dict[str, Any], service: str) -> None:
    """The fault: iam:PassRole is not evaluated. Corrected, role and service must be allowed."""
    correct(requests.ENFORCEMENT)
    assert decided(action, body) is None
    correct(permissions.PASSED_ROLES)
    assert decided(action, body)
    to = {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}
    assert decided(action, body, allow("iam:PassRole", resource=WANTED, Condition=to)) is None
    elsewhere = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    assert decided(action, body, allow("iam:PassRole", resource=WANTED, Condition=elsewhere))
    assert decided(action, body, allow("iam:PassRole", resource=f"{WANTED}-not"))


def test_a_request_that_names_no_role_needs_no_permission_to_pass_one(as_it_comes: None) -> None:
    """A request without a role does not need iam:PassRole."""
    correct(requests.ENFORCEMENT, permissions.PASSED_ROLES)
    assert decided("lambda:UpdateFunctionConfiguration", {"MemorySize": 512}) is None
    assert decided("events:PutTargets", {"Targets": [{"Arn": "any"}]}) is None
    assert decided("sqs:CreateQueue", {"Role": WANTED}) is None


class Maker:
    """A role that may create functions and pipelines, and pass one role."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint, self._iam = endpoint, endpoint.client("iam", root(ACCOUNT), REGION)
        self.passable = self._role("passable", trusting(Service="lambda.amazonaws.com"))
        self.powerful = self._role("powerful", trusting(Service="lambda.amazonaws.com"))
        maker = self._role("maker", trusting(AWS=f"arn:aws:iam::{ACCOUNT}:root"))
        policy = allow("lambda:*", "codepipeline:*")
        policy["Statement"] += allow("iam:PassRole", resource=self.passable)["Statement"]
        document = json.dumps({"Version": "2012-10-17", **policy})
        self._iam.put_role_policy(RoleName="maker", PolicyName="own", PolicyDocument=document)
        sts = endpoint.client("sts", root(ACCOUNT), REGION)
        self._keys = sts.assume_role(RoleArn=maker, RoleSessionName="at-work")["Credentials"]

    def _role(self, name: str, trust: dict[str, Any]) -> str:
        document = json.dumps({"Version": "2012-10-17", **trust})
        return str(self._iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self._endpoint.url,
            region_name=REGION,
            aws_access_key_id=self._keys["AccessKeyId"],
            aws_secret_access_key=self._keys["SecretAccessKey"],
            aws_session_token=self._keys["SessionToken"],
            verify=str(self._endpoint.ca),
        )


def test_the_embedded_aws_asks_who_makes_functions_and_pipelines(enforced: Embedded, zipped: bytes) -> None:
    """The APIs of Lambda and CodePipeline deny a request without iam:PassRole and name the missing statement."""
    maker = Maker(enforced.endpoint)
    function = {"FunctionName": "made", "Runtime": "python3.13", "Handler": "main.handler", "Code": {"ZipFile": zipped}}
    denied = rf"not authorized to perform: iam:PassRole on resource: {maker.powerful} .*missing is"
    with pytest.raises(ClientError, match=denied):
        maker.client("lambda").create_function(**function, Role=maker.powerful)
    assert maker.client("lambda").create_function(**function, Role=maker.passable)["FunctionArn"]
    with pytest.raises(ClientError, match=denied):
        maker.client("lambda").update_function_configuration(FunctionName="made", Role=maker.powerful)
    kind = {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"}
    stages = [{"name": name, "actions": [{"name": "Ask", "actionTypeId": kind}]} for name in ("One", "Two")]
    pipeline = {"name": "p", "roleArn": maker.powerful, "stages": stages}
    with pytest.raises(ClientError, match=denied):
        maker.client("codepipeline").create_pipeline(pipeline=pipeline)


@pytest.fixture
def zipped(tmp_path: Path) -> bytes:
    """A function's code."""
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as file:
        file.writestr("main.py", "def handler(event, context): ...\n")
    return (tmp_path / "code.zip").read_bytes()
