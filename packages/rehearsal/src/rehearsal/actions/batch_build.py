"""A CodeBuild action with BatchEnabled: the builds of a batch, and the artifacts that they make.

Sources: AWS CodePipeline user guide, "AWS CodeBuild build and test action reference"; AWS CodeBuild user guide,
"Samples of CodePipeline/CodeBuild integrations and batch builds".
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

from rehearsal.actions.artifacts import upload
from rehearsal.codebuild.batch_spec import Batch, BatchTask
from rehearsal.codebuild.model import Build, BuildResult, EnvironmentVariable
from rehearsal.engine.action_api import ActionError, Artifact, Task
from rehearsal.engine.endpoint import Credentials
from rehearsal.host.cancellation import Cancellation

RunTask = Callable[[BatchTask, Cancellation], BuildResult]
Results = Mapping[str, BuildResult]


def is_batch(task: Task) -> bool:
    return task.action.configuration.get("BatchEnabled", "").lower() == "true"


def run_tasks(batch: Batch, run: RunTask, stop: Cancellation) -> Results:
    """Run each task as soon as those that it depends on have ended; return the results of those that ran, in order.

    A task is not run where one that it depends on has failed, and its failure is not ignored.
    """
    results, left = dict[str, BuildResult](), list(batch.tasks)
    running = dict[Future[BuildResult], BatchTask]()
    with ThreadPoolExecutor(len(batch.tasks)) as pool:
        while True:
            ready = [task for task in left if _may_run(task, batch, results)]
            running |= {pool.submit(run, task, stop): task for task in ready}
            left = [task for task in left if task not in ready]
            if not running:
                return {task.identifier: results[task.identifier] for task in batch.tasks if task.identifier in results}
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                task = running.pop(future)
                results[task.identifier] = future.result()
                if batch.fast_fail and is_failure(task, results):
                    stop.set()
            if stop.is_set():
                left = []


def _may_run(task: BatchTask, batch: Batch, results: Results) -> bool:
    needed = [needed_task for needed_task in batch.tasks if needed_task.identifier in task.depend_on]
    return all(needed_task.identifier in results and not is_failure(needed_task, results) for needed_task in needed)


def is_failure(task: BatchTask, results: Results) -> bool:
    """Return whether the task's build fails the batch: it failed, or never ran, and that is not ignored."""
    result = results.get(task.identifier)
    return (result is None or result.status != "SUCCEEDED") and not task.ignore_failure


def build_of_task(build: Build, task: BatchTask) -> Build:
    """Return the build of a task: the action's, with what the task changes."""
    names = task.env.variables
    overrides = [variable for variable in build.overrides if variable.name not in names]
    return replace(
        build,
        buildspec=task.buildspec or build.buildspec,
        image=task.env.image or build.image,
        privileged=build.privileged if task.env.privileged_mode is None else task.env.privileged_mode,
        overrides=(*overrides, *(EnvironmentVariable(name, value) for name, value in names.items())),
        batch_identifier=task.identifier,
    )


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
        _combine(task, made.values(), combined)
        return {task.action.outputs[0]: upload(task, task.action.outputs[0], credentials, combined)}
    missing = [name for name in task.action.outputs if name not in made]
    if missing:
        listed = ", ".join(made) or "none"
        raise ActionError(
            f"{task.where}: the batch made no artifact {', '.join(missing)}; it made {listed}: an output artifact has"
            " the identifier of its build, then an underscore and the name of a secondary artifact"
        )
    return {name: upload(task, name, credentials, made[name]) for name in task.action.outputs}


def _combine(task: Task, zip_files: Iterable[Path], combined: Path) -> None:
    with zipfile.ZipFile(combined, "w") as archive:
        for zip_file in zip_files:
            with zipfile.ZipFile(zip_file) as made:
                for member in made.infolist():
                    if member.filename in archive.NameToInfo:
                        raise ActionError(f"{task.where}: CombineArtifacts: two builds have made {member.filename}")
                    archive.writestr(member, made.read(member))


def append_logs(log: Path, logs: Mapping[str, Path]) -> None:
    """Put the logs of the builds behind each other."""
    with log.open("a", encoding="utf-8") as out:
        for identifier, path in logs.items():
            text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else "it did not run\n"
            out.write(f"== build {identifier} ==\n{text}")
