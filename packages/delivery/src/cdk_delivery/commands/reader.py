"""The reader role in an environment's account, as `bootstrap` creates it and `doctor` checks it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cdk_delivery.changes import reader_role
from cdk_delivery.changes.policy_documents import decoded

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient


@dataclass(frozen=True)
class Reader:
    """The reader role of one pipeline in one account."""

    account: str
    pipeline: str
    pipeline_account: str

    @property
    def name(self) -> str:
        """The role's name."""
        return reader_role.role_name(self.pipeline)

    @property
    def policy_arn(self) -> str:
        """The ARN of its only policy."""
        return reader_role.policy_arn(self.account, reader_role.POLICY)

    @property
    def trust(self) -> str:
        """The trust policy, as JSON."""
        return json.dumps(reader_role.trust_policy(self.pipeline_account, self.pipeline))

    def shell_commands(self) -> Iterator[str]:
        """Yield the shell commands that create the role, or set its trust policy if it exists."""
        trust = shlex.quote(self.trust)
        yield f"aws iam create-role --role-name {self.name} --assume-role-policy-document {trust} ||"
        yield f"  aws iam update-assume-role-policy --role-name {self.name} --policy-document {trust}"
        yield f"aws iam attach-role-policy --role-name {self.name} --policy-arn {self.policy_arn}"

    def put(self, iam: IAMClient) -> None:
        """Create the role, or correct its trust policy, and attach its policy."""
        try:
            iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=self.trust)
        except iam.exceptions.EntityAlreadyExistsException:
            iam.update_assume_role_policy(RoleName=self.name, PolicyDocument=self.trust)
        iam.attach_role_policy(RoleName=self.name, PolicyArn=self.policy_arn)

    def fault(self, iam: IAMClient) -> str:
        """Return what is wrong with the role in the account; empty if nothing is."""
        try:
            trust = iam.get_role(RoleName=self.name)["Role"]["AssumeRolePolicyDocument"]
            attached = iam.list_attached_role_policies(RoleName=self.name)["AttachedPolicies"]
        except ClientError as error:
            code = str(error.response["Error"]["Code"])
            return "does not exist" if code == "NoSuchEntity" else code
        if decoded(trust) != json.loads(self.trust):
            return f"trusts others than {reader_role.changes_role_pattern(self.pipeline)} of {self.pipeline_account}"
        arns = sorted(policy["PolicyArn"] for policy in attached)
        return "" if arns == [self.policy_arn] else f"has the policies {', '.join(arns) or 'none'}"
