"""CloudFormation's resource schemas, read from the data files of cfn-lint.

Importing cfn-lint takes longer than reading all of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import TypedDict


class Permissions(TypedDict, total=False):
    permissions: Sequence[str]


class ResourceSchema(TypedDict, total=False):
    """The members of CloudFormation's schema of a resource type that are read here."""

    createOnlyProperties: Sequence[str]
    handlers: Mapping[str, Permissions]
    tagging: Permissions


def resource_schema(kind: str) -> ResourceSchema:
    """Return the schema of a type such as AWS::SQS::Queue. Raises KeyError for a type without one.

    It is the schema of us-east-1, which has every type.
    """
    schema: ResourceSchema = json.loads(_files()[kind].read_text())
    return schema


@cache
def _files() -> Mapping[str, Path]:
    folder = Path(str(distribution("cfn-lint").locate_file("cfnlint/data/schemas")))
    names = json.loads((folder / "providers" / "us-east-1.json").read_text())
    return {kind: folder / "resources" / f"{name}.json" for kind, name in names.items()}
