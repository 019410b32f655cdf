"""Files inside input artifacts."""

from __future__ import annotations

import json
import zipfile

from rehearsal.actions.artifacts import download
from rehearsal.engine.action_api import ActionError, Task
from rehearsal.shortened_text import shorten


def read(task: Task, path: str) -> str:
    """Return the text of `ArtifactName::path/in/artifact`. Raises ActionError where there is no such file."""
    artifact, _, member = path.partition("::")
    zip_file = task.folder / f"{artifact}.zip"
    if not zip_file.exists():
        download(task, artifact, task.credentials(), zip_file)
    try:
        with zipfile.ZipFile(zip_file) as archive:
            return archive.read(member).decode()
    except KeyError:
        raise ActionError(f"{task.where}: artifact {artifact} holds no {member}") from None
    except zipfile.BadZipFile as error:
        raise ActionError(f"{task.where}: the input artifact {artifact} is not a zip file: {error}") from error
    except UnicodeDecodeError as error:
        raise ActionError(f"{task.where}: {member} of artifact {artifact} is not UTF-8: {error}") from error


def json_object(task: Task, name: str, text: str) -> dict[str, object]:
    """Return the JSON object in `text`. name: of the setting or file, for the message of ActionError."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ActionError(f"{task.where}: {name} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ActionError(f"{task.where}: {name} must be a JSON object; it is {shorten(text)}")
    return value


def texts(task: Task, name: str, value: object) -> dict[str, str]:
    """Return `value` if it is an object of strings. name: of the setting, for the message of ActionError."""
    if not isinstance(value, dict):
        raise ActionError(f"{task.where}: {name}: got {shorten(json.dumps(value))}; a JSON object is allowed")
    for key, text in value.items():
        if not isinstance(text, str):
            raise ActionError(f"{task.where}: {name}.{key}: got {shorten(json.dumps(text))}; a text is allowed")
    return value
