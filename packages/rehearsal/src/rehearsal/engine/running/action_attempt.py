"""One attempt of one action: the task, the time limit, and how it ended."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from rehearsal.engine.action_api import ActionError, ActionRunner, Artifact, Outcome, Task
from rehearsal.engine.model.definition import Action, ActionType
from rehearsal.engine.model.timeouts import format_duration, limit
from rehearsal.engine.model.variables import UnknownVariable, resolve
from rehearsal.engine.state.event_log import EventLog
from rehearsal.engine.state.execution import ActionState, Environment, Execution
from rehearsal.host.processes import remove_in_background

log = logging.getLogger(__name__)

# A build may print thousands of lines a second; a person reads a few.
NOTE_SECONDS, NOTE_LENGTH = 0.25, 500
GONE, SHARED = ".gone", ".shared"


class Attempt:
    """Runs `action` for an execution; `run` never raises, and leaves its ending in `state`."""

    def __init__(self, execution: Execution, stage: str, action: Action, env: Environment, trace: EventLog) -> None:
        self._execution, self._action, self._env, self._trace = execution, action, env, trace
        self.state = execution.add_attempt(stage, action)
        self._stop = threading.Event()
        self._limit = limit(action, env.limits)
        self._expired = False
        self._told = 0.0
        self._folder = self._make_folder()
        self._logfile = self._folder / "action.log"

    def run(self) -> ActionState:
        action, state = self._action, self.state
        self._write(
            "action-started", run_order=action.run_order, log=str(self._logfile), inputs=_places(self._inputs())
        )
        with self._time_limit():
            outcome, state.error_code = self._outcome()
        if not outcome.failed:
            _discard_work_files(self._folder, self._logfile)
        aborted = outcome.failed and self._stop.is_set() and not self._expired
        state.outcome, state.summary, state.token = outcome, outcome.summary, None
        state.ended = self._execution.updated = time.time()
        state.status = "Abandoned" if aborted else "Failed" if outcome.failed else "Succeeded"
        self._apply_outcome(outcome)
        self._write(
            "action-finished",
            status=state.status,
            summary=outcome.summary,
            seconds=state.ended - state.started,
            error_code=state.error_code,
            variables=dict(outcome.variables),
            outputs=_places(outcome.outputs),
            external_id=outcome.external_id,
            executed=outcome.executed,
        )
        return state

    def _outcome(self) -> tuple[Outcome, str | None]:
        """How it ended, and CodePipeline's code for a failure."""
        try:
            outcome = _runner(self._where, self._action, self._env.runners).run(self._task())
        except (ActionError, UnknownVariable) as error:
            outcome = Outcome(failed=True, summary=str(error).removeprefix(f"{self._where}: "))
            code = getattr(error, "code", "ConfigurationError")
        except Exception as error:
            log.exception("%s of execution %s", self._where, self._execution.id)
            outcome, code = Outcome(failed=True, summary=f"{type(error).__name__}: {error}"), "InternalError"
        else:
            code = outcome.code
        if self._expired and outcome.failed:
            outcome = replace(outcome, summary=f"it took longer than {format_duration(self._limit)}: {outcome.summary}")
            code = "JobFailed"
        return outcome, code if outcome.failed else None

    @contextmanager
    def _time_limit(self) -> Iterator[None]:
        """Ask the runner to end when the time is over, or when the execution is abandoned."""
        timer = threading.Timer(self._limit, self._expire)
        timer.daemon = True
        timer.start()
        self._execution.add_running_action(self._stop)
        try:
            yield
        finally:
            timer.cancel()
            self._execution.remove_running_action(self._stop)

    def _expire(self) -> None:
        self._expired = True
        self._stop.set()

    def _task(self) -> Task:
        execution, action, state = self._execution, self._action, self.state
        state.resolved = {key: self._resolve(value) for key, value in action.configuration.items()}
        state.inputs = self._inputs()
        return Task(
            pipeline=execution.key,
            execution_id=execution.id,
            stage=state.stage,
            action=replace(
                action,
                configuration=state.resolved,
                commands=tuple(self._resolve(each) for each in action.commands),
            ),
            role_arn=action.role_arn or execution.pipeline.role_arn,
            artifacts=dict(execution.artifacts),
            stores=execution.pipeline.store_for,
            endpoint=self._env.endpoint,
            assume=self._env.assume,
            folder=self._folder,
            shared=self._env.executions / execution.id / SHARED,
            log=self._logfile,
            stop=self._stop,
            note=self._report_progress,
            waiting=self._waiting,
            action_execution_id=state.id,
            limit=self._limit,
            wanted=execution.wanted.get(action.name, {}),
            pipeline_role=execution.pipeline.role_arn,
            asked=self._env.asked,
        )

    def _resolve(self, text: str) -> str:
        return resolve(text, self._execution.variables)

    def _inputs(self) -> dict[str, Artifact]:
        made = self._execution.artifacts
        return {name: made[name] for name in self._action.inputs if name in made}

    def _apply_outcome(self, outcome: Outcome) -> None:
        """Keep what later actions may use; one that failed gives nothing."""
        execution, action = self._execution, self._action
        if outcome.failed:
            return
        revision = outcome.revision.id if outcome.revision else self._revision()
        execution.artifacts |= {name: replace(each, revision=revision) for name, each in outcome.outputs.items()}
        if action.namespace and outcome.variables:
            execution.variables[action.namespace] = dict(outcome.variables)
        if outcome.revision:
            others = [each for each in execution.revisions if each.action != outcome.revision.action]
            execution.revisions[:] = [*others, outcome.revision]

    def _revision(self) -> str:
        """That of the primary input."""
        primary = self._execution.artifacts.get(self._action.primary)
        return primary.revision if primary else ""

    def _report_progress(self, text: str) -> None:
        if time.monotonic() - self._told >= NOTE_SECONDS:
            self._told = time.monotonic()
            self._write("action-progress", text=text[:NOTE_LENGTH])

    def _waiting(self, token: str, text: str) -> None:
        self.state.token = token
        self._write("action-waiting", token=token, text=text)

    def _write(self, type_: str, **fields: Any) -> None:
        """A rule's events are called rule-..., since no action of the definition has its name."""
        action, state = self._action, self.state
        if action.is_rule:
            type_ = type_.replace("action-", "rule-")
        self._trace.write(
            type_,
            stage=state.stage,
            action=action.name,
            attempt=state.attempt,
            provider=str(action.type),
            owner=action.owner,
            region=action.region or self._execution.key.region,
            **fields,
        )

    @property
    def _where(self) -> str:
        return f"{self.state.stage}/{self._action.name}"

    def _make_folder(self) -> Path:
        """One of its own for each attempt; the first has no number."""
        attempt = self.state.attempt
        name = ("rule." if self._action.is_rule else "") + _file_name(self._action.name)
        name += f".{attempt}" if attempt > 1 else ""
        folder = self._env.executions / self._execution.id / _file_name(self.state.stage) / name
        folder.mkdir(parents=True)
        return folder


def _runner(where: str, action: Action, runners: Mapping[ActionType, ActionRunner]) -> ActionRunner:
    try:
        return runners[action.type]
    except KeyError:
        known = ", ".join(sorted(str(each) for each in runners if (each.category == "Rule") == action.is_rule))
        raise ActionError(
            f"{where}: no local runner for {action.type}; there are {known or 'none'};"
            f" `run --accept {action.type.provider}` goes on without executing it"
        ) from None


def _places(artifacts: Mapping[str, Artifact]) -> list[dict[str, str]]:
    return [{"name": name, "bucket": each.store.bucket, "key": each.key} for name, each in artifacts.items()]


def _discard_work_files(folder: Path, logfile: Path) -> None:
    """Keep the log alone: what an action worked in may be hundreds of megabytes, and is wanted after a failure.

    It is only put aside; `remove_discarded_files` follows when the execution has ended.
    """
    wanted_no_more = [path for path in folder.iterdir() if path != logfile]
    if wanted_no_more:
        try:
            (folder / GONE).mkdir()
            for path in wanted_no_more:
                path.rename(folder / GONE / path.name)
        except OSError:  # a full disk
            remove_in_background(*wanted_no_more)


def remove_discarded_files(execution: Path) -> None:
    """Once no action of it works any more: where thousands of files have just been removed, others are made slowly.

    ext4 without a journal looks at each inode that was freed within the last minute before it takes another one.
    """
    remove_in_background(execution / SHARED, *execution.glob(f"*/*/{GONE}"))


def _file_name(name: str) -> str:
    return "".join(char if char.isalnum() or char in "-_." else "-" for char in name)
