"""CloudFormation's resource schemas, read from the data files of cfn-lint.

Importing cfn-lint takes longer than reading all of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any


def resource_schema(kind: str) -> Mapping[str, Any]:
    """Return the schema of a type such as AWS::SQS::Queue. Raises KeyError for a type without one.

    It is the schema of us-east-1, which has every type.
    """
    schema: Mapping[str, Any] = json.loads(_files()[kind].read_text())
    return schema


@cache
def _files() -> Mapping[str, Path]:
    folder = Path(str(distribution("cfn-lint").locate_file("cfnlint/data/schemas")))
    names = json.loads((folder / "providers" / "us-east-1.json").read_text())
    return {kind: folder / "resources" / f"{name}.json" for kind, name in names.items()}
