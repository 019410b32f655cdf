"""Data files of cfn-lint: resource schemas and the service authorization reference.

The files are read from the package's folder, as importing cfn-lint takes seconds.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import TypedDict

DATA = Path(str(distribution("cfn-lint").locate_file("cfnlint"))) / "data"
_SCHEMAS = DATA / "schemas"


class Permissions(TypedDict, total=False):
    permissions: Sequence[str]


# The call syntax, as `$ref` cannot be an attribute name in a class.
PropertySchema = TypedDict(
    "PropertySchema",
    {
        "$ref": str,
        "enum": Sequence[object],
        "maxLength": int,
        "minLength": int,
        "pattern": str,
        "properties": "Mapping[str, PropertySchema]",
        "type": str,
    },
    total=False,
)


class ResourceSchema(TypedDict, total=False):
    """The members of CloudFormation's schema of a resource type that this package reads."""

    createOnlyProperties: Sequence[str]
    definitions: Mapping[str, PropertySchema]
    handlers: Mapping[str, Permissions]
    primaryIdentifier: Sequence[str]
    properties: Mapping[str, PropertySchema]
    readOnlyProperties: Sequence[str]
    tagging: Permissions


@cache
def resource_schema(resource_type: str) -> ResourceSchema:
    """Return CloudFormation's schema of a resource type; empty for an unknown one."""
    name = _schema_files().get(resource_type)
    if name is None:
        return {}
    schema: ResourceSchema = json.loads((_SCHEMAS / "resources" / f"{name.removesuffix('.json')}.json").read_text())
    return schema


def create_only_properties(resource_type: str) -> set[str]:
    """Return the properties whose change replaces a resource; without those of which only a part replaces it."""
    paths = [path.split("/") for path in resource_schema(resource_type).get("createOnlyProperties", ())]
    return {path[2] for path in paths if len(path) == 3}


def runtime_lifecycle() -> Mapping[str, Mapping[str, str]]:
    """Return the dates of each runtime of Lambda, with the keys deprecated, create-block and update-block."""
    dates: Mapping[str, Mapping[str, str]] = json.loads(
        (DATA / "AdditionalSpecs" / "LmbdRuntimeLifecycle.json").read_text()
    )
    return dates


def creation_blocked_since(runtime: str, today: dt.date) -> str:
    """Return the date since which AWS creates no functions of a runtime; empty while it does."""
    date = runtime_lifecycle().get(runtime, {}).get("create-block") or ""
    return date if date and date <= today.isoformat() else ""


@cache
def _schema_files() -> dict[str, str]:
    """Return resource type -> name of its schema file; the list of us-east-1 has every type."""
    files: dict[str, str] = json.loads((_SCHEMAS / "providers" / "us-east-1.json").read_text())
    return files
