"""Bootstrap policies of an account that differ from the generated files of the push."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cdk_delivery.changes import reader_role
from cdk_delivery.changes.policy_documents import decoded

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

BOUNDARY, ENVIRONMENT, PIPELINE = "boundary", "environment", "pipeline"


def policy_names(folder: Path, kinds: Collection[str]) -> list[str]:
    """Return the names of the generated policies of these kinds; a kind has several, such as `pipeline-resources`."""
    names = sorted(file.stem for file in folder.glob("*.json"))
    return [name for name in names if any(name == kind or name.startswith(f"{kind}-") for kind in kinds)]


def outdated_policies(iam: IAMClient, account: str, folder: Path, kinds: Collection[str]) -> Iterator[str]:
    """Yield the names of the policies that are missing in the account, or differ from the files in `folder`."""
    for name in policy_names(folder, kinds):
        if not _is_current(iam, reader_role.policy_arn(account, name), folder / f"{name}.json"):
            yield f"delivery-{name}"


def _is_current(iam: IAMClient, arn: str, file: Path) -> bool:
    try:
        return bool(policy_document(iam, arn) == json.loads(file.read_text()))
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchEntity":
            return False
        raise


def policy_document(iam: IAMClient, arn: str) -> Mapping[str, object]:
    """Return the document of a policy's default version."""
    current = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return decoded(iam.get_policy_version(PolicyArn=arn, VersionId=current)["PolicyVersion"]["Document"])
