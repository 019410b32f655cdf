"""Cloud assemblies that the CDK CLI would write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.commands.templates import ACCOUNT, REGION


def write_assembly(out: Path, stacks: dict[str, dict[str, Any]], region: str = REGION) -> None:
    """Write a cloud assembly in one account: the first stack is the app's, the others are a stage's."""
    (first, body), *others = stacks.items()
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-stage"}}
    _write(out / "assembly-stage", dict(others), region, {})
    _write(out, {first: body}, region, {"assembly-stage": stage})


def _write(out: Path, stacks: dict[str, dict[str, Any]], region: str, artifacts: dict[str, Any]) -> None:
    out.mkdir(exist_ok=True, parents=True)
    for name, body in stacks.items():
        (out / f"{name}.template.json").write_text(json.dumps(body))
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "environment": f"aws://{ACCOUNT}/{region}",
            "properties": {"templateFile": f"{name}.template.json", "stackName": name},
            "displayName": name,
        }
    (out / "manifest.json").write_text(json.dumps({"version": "54.0.0", "artifacts": artifacts}))
