"""The roles of the deployed pipeline, and calls with their credentials."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

import boto3
from botocore.exceptions import ClientError

from tests.e2e.deployed.conftest import Deployed

REGION = "eu-west-1"
ACCOUNTS = {"pipeline": "111111111111", "dev": "222222222222", "prod": "333333333333"}


class Acting:
    """A role, by a part of its name, in one environment; its trust policy also gets the account's root user."""

    def __init__(self, project: Deployed, environment: str, part: str) -> None:
        self._project, self._environment = project, environment
        self._clients: dict[str, Any] = {}
        iam = project.client("iam", environment)
        roles = [role for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"]]
        (role,) = [role for role in roles if part in role["RoleName"]]
        self.arn: str = role["Arn"]
        trust = role["AssumeRolePolicyDocument"]
        root = {"AWS": f"arn:aws:iam::{ACCOUNTS[environment]}:root"}
        if not any(statement["Principal"] == root for statement in trust["Statement"]):
            trust["Statement"].append({"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"})
            iam.update_assume_role_policy(RoleName=role["RoleName"], PolicyDocument=json.dumps(trust))

    @cached_property
    def _keys(self) -> dict[str, str]:
        sts = self._project.client("sts", self._environment)
        keys: dict[str, str] = sts.assume_role(RoleArn=self.arn, RoleSessionName="tried")["Credentials"]
        return keys

    def client(self, service: str) -> Any:
        """Return a boto3 client with the role's credentials."""
        if service not in self._clients:
            self._clients[service] = self._new_client(service)
        return self._clients[service]

    def _new_client(self, service: str) -> Any:
        root = self._project.client(service, self._environment)
        return boto3.client(
            service,
            endpoint_url=root.meta.endpoint_url,
            region_name=REGION,
            aws_access_key_id=self._keys["AccessKeyId"],
            aws_secret_access_key=self._keys["SecretAccessKey"],
            aws_session_token=self._keys["SessionToken"],
            verify=root._endpoint.http_session._verify,
        )

    def may(self, service: str, operation: str, **arguments: Any) -> bool:
        """Return whether the call is allowed; a failure for another reason counts as allowed."""
        try:
            getattr(self.client(service), operation)(**arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            return code not in {"AccessDenied", "AccessDeniedException", "AuthorizationError", "403"}
        return True

    def may_assume(self, arn: str) -> bool:
        return self.may("sts", "assume_role", RoleArn=arn, RoleSessionName="tried")


def bootstrap_role(kind: str, environment: str) -> str:
    """Return the ARN of a role of the CDK bootstrap: deploy, file-publishing, lookup or cfn-exec."""
    account = ACCOUNTS[environment]
    return f"arn:aws:iam::{account}:role/cdk-hnb659fds-{kind}-role-{account}-{REGION}"


def environment_role(environment: str, kind: str) -> str:
    account = ACCOUNTS[environment if kind == "tests" else "pipeline"]
    return f"arn:aws:iam::{account}:role/echo-delivery-{environment}-eu-west-1-{kind}"


def changed(role: Acting, name: str) -> list[str]:
    """Return the allowed calls among all that change or invoke a function of this name."""
    mapping, function = {"UUID": "00000000-0000-0000-0000-000000000000"}, {"FunctionName": name}
    calls: dict[str, dict[str, Any]] = {
        "create_alias": {**function, "Name": "tried", "FunctionVersion": "1"},
        "create_event_source_mapping": {**function, "EventSourceArn": f"arn:aws:sqs:eu-west-1:{ACCOUNTS['dev']}:any"},
        "delete_alias": {**function, "Name": "tried"},
        "delete_event_source_mapping": mapping,
        "delete_layer_version": {"LayerName": "any", "VersionNumber": 1},
        "invoke": {**function, "Payload": b"{}"},
        "invoke_with_response_stream": {**function, "Payload": b"{}"},
        "publish_layer_version": {"LayerName": "tried", "Content": {"ZipFile": b""}},
        "update_alias": {**function, "Name": "live", "Description": "tried"},
        "update_event_source_mapping": {**mapping, "Enabled": False},
        "update_function_code": {**function, "ZipFile": b""},
        "update_function_configuration": {**function, "Timeout": 1},
    }
    return [operation for operation, arguments in calls.items() if role.may("lambda", operation, **arguments)]
