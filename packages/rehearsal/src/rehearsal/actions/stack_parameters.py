"""Stack parameters with values from artifacts, and stack outputs as an artifact.

Source: AWS CodePipeline user guide, "Using parameter override functions with CodePipeline pipelines" and
"CloudFormation deploy action reference".
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace

from rehearsal.actions.artifact_files import json_object
from rehearsal.actions.artifacts import locate_artifact, upload
from rehearsal.engine.action_api import ActionError, Outcome, Task
from rehearsal.shortened_text import shorten

Read = Callable[[str], str]

_ATTRIBUTES = ("BucketName", "ObjectKey", "URL")


def resolved_overrides(task: Task, read: Read) -> dict[str, str]:
    """Return ParameterOverrides, with Fn::GetArtifactAtt and Fn::GetParam resolved. Raises ActionError."""
    text = task.action.configuration.get("ParameterOverrides", "{}")
    overrides = json_object(task, "ParameterOverrides", text)
    return {name: _value(task, name, override, read) for name, override in overrides.items()}


def _value(task: Task, name: str, value: object, read: Read) -> str:
    match value:
        case str():
            return value
        case {"Fn::GetArtifactAtt": [str() as artifact, str() as attribute]}:
            return _attribute(task, artifact, attribute)
        case {"Fn::GetParam": [str() as artifact, str() as path, str() as key]}:
            return _parameter(task, f"{artifact}::{path}", key, read)
    raise ActionError(
        f"{task.where}: ParameterOverrides.{name}: got {shorten(json.dumps(value))}; a text,"
        " Fn::GetArtifactAtt: [artifact, attribute] or Fn::GetParam: [artifact, file, key] is allowed"
    )


def _attribute(task: Task, name: str, attribute: str) -> str:
    artifact = locate_artifact(task, name)
    values = {
        "BucketName": artifact.store.bucket,
        "ObjectKey": artifact.key,
        "URL": f"https://s3.{task.region}.amazonaws.com/{artifact.store.bucket}/{artifact.key}",
    }
    if attribute not in values:
        raise ActionError(f"{task.where}: Fn::GetArtifactAtt: got {attribute}; {', '.join(_ATTRIBUTES)} are allowed")
    return values[attribute]


def _parameter(task: Task, path: str, key: str, read: Read) -> str:
    values = json_object(task, path, read(path))
    if key not in values:
        raise ActionError(f"{task.where}: {path} has no {key}; it has {', '.join(sorted(values)) or 'nothing'}")
    return str(values[key])


def with_output_file(task: Task, outcome: Outcome) -> Outcome:
    """Add an artifact with the stack's outputs as JSON to a successful outcome, where OutputFileName is set."""
    name = task.action.configuration.get("OutputFileName")
    if outcome.failed or not name or not task.action.outputs:
        return outcome
    zip_file, (output, *_) = task.folder / "outputs.zip", task.action.outputs
    with zipfile.ZipFile(zip_file, "w") as archive:
        archive.writestr(name, json.dumps(dict(outcome.variables)))
    return replace(outcome, outputs={output: upload(task, output, task.credentials(), zip_file)})
