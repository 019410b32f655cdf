"""The input artifacts of a build action, unpacked into the build's work folder.

Sources: AWS CodePipeline user guide, "AWS CodeBuild build and test action reference", PrimarySource; "Commands action
reference", on input artifacts.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from zipfile import BadZipFile

from rehearsal.actions.artifact_cache import unzip_cached
from rehearsal.actions.artifacts import download
from rehearsal.actions.clone_ref import CloneRef, unpack_or_clone
from rehearsal.actions.codebuild_project import Project
from rehearsal.codebuild.work_folder import WorkFolder
from rehearsal.engine.action_api import ActionError, Task
from rehearsal.engine.endpoint import Credentials
from rehearsal.errors import RehearsalError
from rehearsal.project.remotes import Remotes


def unpack_sources(
    task: Task, project: Project, credentials: Credentials, work: WorkFolder, remotes: Remotes
) -> dict[str, Path]:
    """Unpack every input artifact; return its folder by name. The primary one has the empty name.

    Without input artifacts, an action with commands runs in an empty folder. credentials: those of the project's role.
    remotes: the repositories that a reference to a commit is cloned from. Raises ActionError.
    """
    if task.action.commands and not task.action.inputs:
        return {"": _empty_source(work)}
    primary, inputs = _primary(task), task.action.inputs
    folders = {name: work.source(name) for name in inputs}

    def fetch(name: str) -> Path:
        zip_file = task.folder / f"{name}.zip"
        download(task, name, credentials, zip_file)
        unpack_source(task, project, zip_file, folders[name], remotes)
        zip_file.unlink()
        return folders[name]

    with ThreadPoolExecutor(len(inputs)) as pool:
        fetched = zip(inputs, pool.map(fetch, inputs), strict=True)
        return {"" if name == primary else name: folder for name, folder in fetched}


def unpack_source(task: Task, project: Project, zip_file: Path, folder: Path, remotes: Remotes) -> None:
    """Unpack the zip file of one input artifact, or clone the commit that it refers to. Raises ActionError."""
    try:
        reference = CloneRef.read(zip_file)
        if reference:  # CodeBuild clones with the project's role, so that role needs the permission
            task.check_permission(project.role_arn, *reference.needs, resource=reference.resource)
        unpack_or_clone(zip_file, folder, remotes, partial(unzip_cached, shared=task.shared))
    except ActionError:
        raise
    except (RehearsalError, BadZipFile) as error:
        reason = f"the input artifact {zip_file.stem} cannot be unpacked: {error}"
        raise ActionError(f"{task.where}: {reason}") from error


def _empty_source(work: WorkFolder) -> Path:
    folder = work.source("none")
    folder.mkdir(parents=True)
    return folder


def _primary(task: Task) -> str:
    inputs = task.action.inputs
    primary = task.action.configuration.get("PrimarySource") or (inputs[0] if len(inputs) == 1 else "")
    if primary not in inputs:
        raise ActionError(
            f"{task.where}: PrimarySource: got {primary or 'nothing'}; one of its input artifacts has to be named:"
            f" {', '.join(inputs) or 'it has none'}"
        )
    return primary
