"""What is deployed in an account, asked with the role that the bootstrap keeps for looking."""

from __future__ import annotations

import json
from typing import Any

import boto3
from botocore.exceptions import ClientError

from cdk_delivery.changes.stacks import Stack, Template

# Statuses of a stack that never came to be, or is gone, though CloudFormation still knows its template. Source: AWS
# CloudFormation user guide, "Stack status codes".
_ABSENT_STATUSES = ("REVIEW_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_", "DELETE_")


class DeployedTemplates:
    """Asks CloudFormation in the stack's account and region."""

    def template(self, stack: Stack) -> Template | None:
        """The template as it was handed in, so that it can be compared with a synthesized one."""
        api = self._session(stack).client("cloudformation", region_name=stack.region)
        try:
            if api.describe_stacks(StackName=stack.name)["Stacks"][0]["StackStatus"].startswith(_ABSENT_STATUSES):
                return None
            body: Any = api.get_template(StackName=stack.name, TemplateStage="Original")["TemplateBody"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        template: Template = json.loads(body) if isinstance(body, str) else body
        return template

    def _session(self, stack: Stack) -> boto3.Session:
        granted = boto3.client("sts", region_name=stack.region).assume_role(
            RoleArn=stack.lookup_role, RoleSessionName="changes"
        )["Credentials"]
        return boto3.Session(granted["AccessKeyId"], granted["SecretAccessKey"], granted["SessionToken"])
