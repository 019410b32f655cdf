"""`AWS::CodeCommit::Repository` for MiniStack's CloudFormation: its attributes only; the content is the local remote's.

Source: AWS CloudFormation user guide, "AWS::CodeCommit::Repository".
"""

from __future__ import annotations

import uuid
from typing import TypedDict

from rehearsal.emulator.ministack.port import cloudformation
from rehearsal.emulator.ministack.port.requests import get_account_id, get_region

TYPE = "AWS::CodeCommit::Repository"


class Properties(TypedDict):
    RepositoryName: str


def register() -> None:
    """Register the type. Source actions read the local remote, whatever repository they name."""
    handlers = cloudformation.resource_handlers(_create, _update, lambda *_: None)
    cloudformation.register_resource_type(TYPE, handlers)


def _create(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, dict[str, str]]:
    return str(uuid.uuid4()), _attributes(properties["RepositoryName"])


def _update(physical: str, _old: Properties, new: Properties, _stack: str) -> tuple[str, dict[str, str]]:
    return physical, _attributes(new["RepositoryName"])


def _attributes(name: str) -> dict[str, str]:
    host = f"git-codecommit.{get_region()}.amazonaws.com/v1/repos/{name}"
    return {
        "Arn": f"arn:aws:codecommit:{get_region()}:{get_account_id()}:{name}",
        "CloneUrlHttp": f"https://{host}",
        "CloneUrlSsh": f"ssh://{host}",
        "Name": name,
    }
