"""The run of a batch: its builds in the order of their dependencies, within the time limit of the project.

Sources: AWS CodeBuild user guide, "Run builds in batches", "Batch build buildspec reference"; CodeBuild API reference,
"ProjectBuildBatchConfig".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

from rehearsal.actions.codebuild_project import Project
from rehearsal.codebuild.batch_record import BatchRecord, BatchStatus
from rehearsal.codebuild.batch_spec import Batch, BatchTask
from rehearsal.codebuild.model import Build, BuildResult, EnvironmentVariable
from rehearsal.host.cancellation import Cancellation

RunTask = Callable[[BatchTask, Cancellation], BuildResult]
Results = Mapping[str, BuildResult]
MINUTES = 480  # where the project sets no limit


@dataclass(frozen=True)
class BatchResult:
    """How a batch ended. failed: the identifiers of the builds that failed it."""

    status: BatchStatus
    results: Results
    failed: tuple[str, ...]


def run_batch(
    batch: Batch, project: Project, record: BatchRecord, run: RunTask, done: Results | None = None
) -> BatchResult:
    """Run the builds of a batch. done: the results of those that a retry does not run again."""
    stop, expired = Cancellation(), Cancellation()
    timer = threading.Timer(project.batch_config.get("timeoutInMins", MINUTES) * 60, expired.set)
    timer.daemon = True
    with record.stop.calls(stop.set), expired.calls(stop.set):
        timer.start()
        try:
            results = run_tasks(batch, run, stop, done or {})
        finally:
            timer.cancel()
    failed = tuple(task.identifier for task in batch.tasks if is_failure(task, results))
    status: BatchStatus = "SUCCEEDED"
    if failed and record.stop.is_set():
        status = "STOPPED"
    elif failed:
        status = "TIMED_OUT" if expired.is_set() else "FAILED"
    return BatchResult(status, results, failed)


def run_tasks(batch: Batch, run: RunTask, stop: Cancellation, done: Results) -> Results:
    """Run each task as soon as those that it depends on have ended; return the results of those that ran, in order.

    A task is not run where one that it depends on has failed, and its failure is not ignored.
    """
    results = dict(done)
    waiting = [task for task in batch.tasks if task.identifier not in done]
    running = dict[Future[BuildResult], BatchTask]()
    with ThreadPoolExecutor(len(batch.tasks)) as pool:
        while True:
            ready = [task for task in waiting if _may_run(task, batch, results)]
            running |= {pool.submit(run, task, stop): task for task in ready}
            waiting = [task for task in waiting if task not in ready]
            if not running:
                return {task.identifier: results[task.identifier] for task in batch.tasks if task.identifier in results}
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                task = running.pop(future)
                results[task.identifier] = future.result()
                if batch.fast_fail and is_failure(task, results):
                    stop.set()
            if stop.is_set():
                waiting = []


def _may_run(task: BatchTask, batch: Batch, results: Results) -> bool:
    needed = [needed_task for needed_task in batch.tasks if needed_task.identifier in task.depend_on]
    return all(needed_task.identifier in results and not is_failure(needed_task, results) for needed_task in needed)


def is_failure(task: BatchTask, results: Results) -> bool:
    """Return whether the task's build fails the batch: it failed, or never ran, and that is not ignored."""
    result = results.get(task.identifier)
    return (result is None or result.status != "SUCCEEDED") and not task.ignore_failure


def build_of_task(build: Build, task: BatchTask) -> Build:
    """Return the build of a task: that of the action or request, with what the task changes."""
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
