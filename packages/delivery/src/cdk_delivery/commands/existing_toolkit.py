"""The bootstrap stack that an account has already: the accounts that it trusts, and its execution policies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

STACK = "CDKToolkit"
# In the ARN of each policy that `delivery bootstrap` creates.
_OURS = ":policy/delivery-"


@dataclass(frozen=True)
class ExistingToolkit:
    """The parameters of the stack that the CDK CLI replaces by the options of `cdk bootstrap`."""

    trusted: Sequence[str]
    trusted_for_lookup: Sequence[str]
    execution_policies: Sequence[str]

    def differences(self, accounts: Sequence[str], policies: Sequence[str]) -> Iterator[str]:
        """Yield a line for each thing that a new bootstrap changes for other CDK apps of the account.

        accounts: those that the project needs to be trusted. policies: the ARNs of its execution policies.
        """
        if others := [account for account in self.trusted if account not in accounts]:
            yield f"it trusts {', '.join(others)} already; they stay trusted"
        if foreign := [arn for arn in self.execution_policies if _OURS not in arn]:
            yield (
                f"CloudFormation works with {', '.join(foreign)} there, and would work with"
                f" {', '.join(policies)} instead: other CDK apps of the account deploy with these policies too"
            )
        elif not self.execution_policies:
            yield f"CloudFormation has AdministratorAccess there, and would have {', '.join(policies)} instead"


def read_toolkit(cloudformation: CloudFormationClient) -> ExistingToolkit | None:
    """Return the account's bootstrap stack; None without one."""
    try:
        stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    parameters = stack.get("Parameters", [])
    values = {parameter["ParameterKey"]: parameter.get("ParameterValue", "") for parameter in parameters}

    def names(parameter: str) -> list[str]:
        return [name for name in values.get(parameter, "").split(",") if name]

    return ExistingToolkit(
        names("TrustedAccounts"), names("TrustedAccountsForLookup"), names("CloudFormationExecutionPolicies")
    )
