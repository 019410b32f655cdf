"""CloudFormation's resource schemas, as cfn-lint ships them; to import cfn-lint takes longer than to read them all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any


def resource_schema(kind: str) -> Mapping[str, Any]:
    """Of a type such as AWS::SQS::Queue, in us-east-1, where all are. Raises KeyError for a type that has none."""
    found: Mapping[str, Any] = json.loads(_files()[kind].read_text())
    return found


@cache
def _files() -> Mapping[str, Path]:
    folder = Path(str(distribution("cfn-lint").locate_file("cfnlint/data/schemas")))
    names = json.loads((folder / "providers" / "us-east-1.json").read_text())
    return {kind: folder / "resources" / f"{name}.json" for kind, name in names.items()}
