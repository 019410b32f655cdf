"""The artifacts and the log of a CodeBuild action with BatchEnabled.

Sources: AWS CodePipeline user guide, "AWS CodeBuild build and test action reference"; AWS CodeBuild user guide,
"Samples of CodePipeline/CodeBuild integrations and batch builds".
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from rehearsal.actions.artifacts import upload
from rehearsal.actions.batch_run import Results
from rehearsal.engine.action_api import ActionError, Artifact, Task
from rehearsal.engine.endpoint import Credentials
from rehearsal.errors import RehearsalError


def is_batch(task: Task) -> bool:
    return task.action.configuration.get("BatchEnabled", "").lower() == "true"


def upload_artifacts(task: Task, results: Results, credentials: Credentials) -> dict[str, Artifact]:
    """Upload the output artifacts: each is named after its build, and its secondary artifact after an underscore.

    With CombineArtifacts one artifact has the files of all.
    """
    made = {
        f"{identifier}_{name}" if name else identifier: zip_file
        for identifier, result in results.items()
        for name, zip_file in result.artifacts.items()
    }
    if task.action.configuration.get("CombineArtifacts", "").lower() == "true" and task.action.outputs:
        combined = task.folder / "combined.zip"
        try:
            combine(made.values(), combined)
        except RehearsalError as error:
            raise ActionError(f"{task.where}: {error}") from error
        return {task.action.outputs[0]: upload(task, task.action.outputs[0], credentials, combined)}
    missing = [name for name in task.action.outputs if name not in made]
    if missing:
        listed = ", ".join(made) or "none"
        raise ActionError(
            f"{task.where}: the batch made no artifact {', '.join(missing)}; it made {listed}: an output artifact has"
            " the identifier of its build, then an underscore and the name of a secondary artifact"
        )
    return {name: upload(task, name, credentials, made[name]) for name in task.action.outputs}


def combine(zip_files: Iterable[Path], combined: Path) -> None:
    """Write the files of all zip files into a new one. Raises RehearsalError for two files of one name."""
    with zipfile.ZipFile(combined, "w") as archive:
        for zip_file in zip_files:
            with zipfile.ZipFile(zip_file) as made:
                for member in made.infolist():
                    if member.filename in archive.NameToInfo:
                        raise RehearsalError(f"CombineArtifacts: two builds have made {member.filename}")
                    archive.writestr(member, made.read(member))


def append_logs(log: Path, logs: Mapping[str, Path]) -> None:
    """Put the logs of the builds behind each other."""
    with log.open("a", encoding="utf-8") as out:
        for identifier, path in logs.items():
            text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else "it did not run\n"
            out.write(f"== build {identifier} ==\n{text}")
