"""One execution: its state, and the walk through the stages."""

from __future__ import annotations

import logging
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rehearsal.aws import Endpoint
from rehearsal.engine.definition import Action, ActionType, Pipeline, PipelineKey, Stage
from rehearsal.engine.gate import StageGate, Stopped, Superseded
from rehearsal.engine.journal import Journal
from rehearsal.engine.ordering import waves
from rehearsal.engine.task import ActionError, ActionRunner, Artifact, Assume, Outcome, Revision, Task
from rehearsal.engine.variables import UnknownVariable, resolve

log = logging.getLogger(__name__)

# A build may print thousands of lines a second; a person reads a few.
NOTE_SECONDS = 0.25


@dataclass(frozen=True)
class Environment:
    """What every execution shares: the embedded AWS, the runners of actions, and where files go."""

    endpoint: Endpoint
    assume: Assume
    runners: Mapping[ActionType, ActionRunner]
    executions: Path


@dataclass
class ActionState:
    status: str
    summary: str = ""
    started: float = field(default_factory=time.time)
    ended: float | None = None
    token: str | None = None


@dataclass
class Execution:
    """The state of one execution; `status` is one of CodePipeline's PipelineExecutionStatus."""

    key: PipelineKey
    pipeline: Pipeline
    version: int
    number: int
    trigger: Mapping[str, str]
    variables: dict[str, dict[str, str]]
    restart_of: str | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "InProgress"
    summary: str = ""
    started: float = field(default_factory=time.time)
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    revisions: list[Revision] = field(default_factory=list)
    actions: dict[tuple[str, str], ActionState] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    ending: str | None = None
    failure: str | None = None
    restart_wanted: bool = False

    def finish_as(self, status: str, summary: str, *, failed: bool = False) -> None:
        """Let the running actions end, then end with `status`; a stop also asks the running actions to end now."""
        self.ending, self.summary = status, summary
        self.failure = summary if failed else None


def walk(execution: Execution, gates: Callable[[str], StageGate], env: Environment, journal: Journal) -> None:
    """Run every stage in turn and set the execution's final status; never raises."""
    try:
        for stage in execution.pipeline.stages:
            if not _through(execution, stage, gates(stage.name), env, journal):
                return
        execution.status = "Succeeded"
    except Superseded:
        execution.status, execution.summary = "Superseded", "a newer execution overtook this one while it waited"
    except Stopped:
        execution.status = execution.ending or "Stopped"
    except Exception:
        log.exception("execution %s", execution.id)
        execution.status, execution.summary = "Failed", "the rehearsal's engine failed; its log says more"


def _through(execution: Execution, stage: Stage, gate: StageGate, env: Environment, journal: Journal) -> bool:
    """Take the execution through one stage. False: it ends here, and its status is set."""
    gate.enter(execution.number, execution.stop)
    try:
        journal.write("stage-started", stage=stage.name)
        began = time.time()
        failed = _run_stage(execution, stage, env, journal)
        status = "Failed" if failed else execution.ending or "Succeeded"
        journal.write("stage-finished", stage=stage.name, status=status, seconds=time.time() - began)
    finally:
        gate.leave(execution.number)
    if execution.ending:
        execution.status = execution.ending
    elif failed:
        execution.status, execution.summary = "Failed", failed
    return status == "Succeeded"


def _run_stage(execution: Execution, stage: Stage, env: Environment, journal: Journal) -> str | None:
    """Run the waves of a stage; what failed, or None."""
    for wave in waves(stage.actions):
        with ThreadPoolExecutor(len(wave), thread_name_prefix=stage.name) as pool:
            ended = list(pool.map(lambda action: _run_action(execution, stage, action, env, journal), wave))
        failures = [failure for failure in ended if failure]
        if failures:
            return "; ".join(failures)
        if execution.ending:
            return execution.failure
    return None


def _run_action(execution: Execution, stage: Stage, action: Action, env: Environment, journal: Journal) -> str | None:
    """Run one action and record how it ended; what failed, or None."""
    state = ActionState("InProgress")
    execution.actions[(stage.name, action.name)] = state
    folder = env.executions / execution.id / _file_name(stage.name) / _file_name(action.name)
    folder.mkdir(parents=True)
    logfile = folder / "action.log"
    about: dict[str, Any] = {"stage": stage.name, "action": action.name}
    journal.write("action-started", **about, provider=str(action.type), run_order=action.run_order, log=str(logfile))

    told = 0.0

    def note(text: str) -> None:
        nonlocal told
        if time.monotonic() - told >= NOTE_SECONDS:
            told = time.monotonic()
            journal.write("action-progress", **about, text=text)

    def waiting(token: str, text: str) -> None:
        state.token = token
        journal.write("action-waiting", **about, token=token, text=text)

    try:
        task = Task(
            pipeline=execution.key,
            execution_id=execution.id,
            stage=stage.name,
            action=replace(action, configuration=_configuration(execution, action)),
            role_arn=action.role_arn or execution.pipeline.role_arn,
            artifacts=dict(execution.artifacts),
            stores=execution.pipeline.store_for,
            endpoint=env.endpoint,
            assume=env.assume,
            folder=folder,
            log=logfile,
            stop=execution.stop,
            revisions=tuple(execution.revisions),
            note=note,
            waiting=waiting,
        )
        outcome = _runner(task, env.runners).run(task)
        error_code = "JobFailed" if outcome.failed else None
    except (ActionError, UnknownVariable) as error:
        outcome, error_code = Outcome(failed=True, summary=str(error)), getattr(error, "code", "ConfigurationError")
    except Exception as error:
        log.exception("%s/%s of execution %s", stage.name, action.name, execution.id)
        outcome, error_code = Outcome(failed=True, summary=f"{type(error).__name__}: {error}"), "InternalError"
    if not outcome.failed:
        _tidy(folder, logfile)
    _take(execution, action, outcome)
    aborted = execution.stop.is_set() and outcome.failed
    state.status = "Abandoned" if aborted else "Failed" if outcome.failed else "Succeeded"
    state.summary, state.ended, state.token = outcome.summary, time.time(), None
    journal.write(
        "action-finished",
        **about,
        status=state.status,
        summary=outcome.summary,
        seconds=state.ended - state.started,
        error_code=error_code,
        variables=dict(outcome.variables),
    )
    return f"{stage.name}/{action.name}: {outcome.summary}" if outcome.failed and not aborted else None


def _configuration(execution: Execution, action: Action) -> dict[str, str]:
    return {key: resolve(value, execution.variables) for key, value in action.configuration.items()}


def _runner(task: Task, runners: Mapping[ActionType, ActionRunner]) -> ActionRunner:
    try:
        return runners[task.action.type]
    except KeyError:
        known = ", ".join(sorted(str(each) for each in runners))
        raise ActionError(f"{task.where}: no local runner for {task.action.type}; there are {known}") from None


def _take(execution: Execution, action: Action, outcome: Outcome) -> None:
    """Keep what later actions may use."""
    execution.artifacts.update(outcome.outputs)
    if action.namespace and outcome.variables:
        execution.variables[action.namespace] = dict(outcome.variables)
    if outcome.revision:
        execution.revisions.append(outcome.revision)


def _tidy(folder: Path, logfile: Path) -> None:
    """Keep the log alone: what an action worked in may be hundreds of megabytes, and is wanted after a failure."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path != logfile:
            path.unlink()


def _file_name(name: str) -> str:
    return "".join(char if char.isalnum() or char in "-_." else "-" for char in name)
