"""Deployed stacks and policies of an account, read with the reader role of `delivery bootstrap`."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.exceptions import ClientError

from cdk_delivery.changes import reader_role
from cdk_delivery.changes.stacks import Deployed, Stack
from cdk_delivery.cloud_assembly import Template

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

# Statuses of a stack that was never deployed, or is gone, though CloudFormation still knows its template. Source: AWS
# CloudFormation user guide, "Stack status codes".
_ABSENT_STATUSES = ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE", "DELETE_IN_PROGRESS")
_DENIED = ("AccessDenied", "AccessDeniedException", "NoSuchEntity")


class CannotCompare(Exception):
    """The account's stacks or policies cannot be read; the message says why."""


class ReaderSessions:
    """Clients with the reader role of each account, which is assumed once."""

    def __init__(self, pipeline: str) -> None:
        self._pipeline = pipeline
        self._session = cache(self._assume)

    def client(self, service: str, account: str, region: str) -> Any:
        """Return a boto3 client. Raises CannotCompare if the role is missing, or does not trust the build."""
        return self._session(account, region).client(service, region_name=region)

    def _assume(self, account: str, region: str) -> boto3.Session:
        arn = reader_role.role_arn(account, self._pipeline)
        try:
            granted = boto3.client("sts", region_name=region).assume_role(RoleArn=arn, RoleSessionName="changes")
        except ClientError as error:
            raise _cannot_compare(error, f"the role {arn} is missing, or does not trust this build") from error
        keys = granted["Credentials"]
        return boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


class DeployedTemplates:
    """Deployed templates, from CloudFormation in each stack's account and region."""

    def __init__(self, sessions: ReaderSessions) -> None:
        self._sessions = sessions

    def find(self, stack: Stack) -> Deployed | None:
        """Return the stack's template as it was submitted, with its status; None if there is no such stack.

        Raises CannotCompare if the stack cannot be read.
        """
        api: CloudFormationClient = self._sessions.client("cloudformation", stack.account, stack.region)
        try:
            status: str = api.describe_stacks(StackName=stack.name)["Stacks"][0]["StackStatus"]
            if status in _ABSENT_STATUSES:
                return None
            body: object = api.get_template(StackName=stack.name, TemplateStage="Original")["TemplateBody"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise _cannot_compare(error, f"the stack {stack.name} cannot be read") from error
        template: Template = json.loads(body) if isinstance(body, str) else cast("Template", body)
        return Deployed(template, status)


def _cannot_compare(error: ClientError, what: str) -> Exception:
    """Return CannotCompare for a denial, which means that the account is not bootstrapped; else the error itself."""
    code = error.response["Error"]["Code"]
    return CannotCompare(f"{what} ({error.response['Error'].get('Message', code)})") if code in _DENIED else error
