"""The running attempts of one execution: their start, the reports of their workers, and their cancellation."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Unpack

from rehearsal.engine.action_api import Answer, Artifact, Outcome
from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.definition import Action, Pipeline
from rehearsal.engine.model.timeouts import APPROVAL, format_duration, limit
from rehearsal.engine.model.variables import UnknownVariable, resolve
from rehearsal.engine.running.action_attempt import Attempt, AttemptResult, settle
from rehearsal.engine.running.context import Context
from rehearsal.engine.running.execution_record import ExecutionRecord
from rehearsal.engine.running.work_folders import LOG, attempt_folder
from rehearsal.engine.state.artifact_events import artifact_records
from rehearsal.engine.state.events import EventFields
from rehearsal.engine.state.execution import AttemptKey


class Attempts:
    """The running attempts of one execution.

    Workers call the methods that are in `Reports`; all others are called in the engine's thread. ended: called after
    the end of each attempt, with a folder of files that are not needed any more, if there is one.
    """

    def __init__(self, context: Context, record: ExecutionRecord, ended: Callable[[Path | None], None]) -> None:
        self.running: dict[AttemptKey, Attempt] = {}
        self._context, self._record, self._ended = context, record, ended

    def start(self, stage: str, action: Action) -> AttemptKey:
        """Start an attempt in a worker."""
        state, problem = self._record.state, None
        key = (action.is_rule, stage, action.name, state.next_attempt(stage, action))
        try:
            action = _resolved(action, state.variables)
            resolved = dict(action.configuration)
        except UnknownVariable as error:
            problem, resolved = error, {}
        folder = attempt_folder(self._record.folder, stage, action.name, key[-1], is_rule=action.is_rule)
        inputs = {name: state.artifacts[name] for name in action.inputs if name in state.artifacts}
        self._write(
            key,
            action,
            "started",
            id=str(uuid.uuid4()),
            run_order=action.run_order,
            log=str(folder / LOG),
            resolved=resolved,
            inputs=artifact_records(inputs),
        )
        self._run_in_worker(key, action, problem)
        return key

    def cancel(self, keys: Iterable[AttemptKey] | None = None) -> None:
        """Ask these attempts to end; None: all of them."""
        for key in list(self.running) if keys is None else keys:
            self.running[key].cancel()

    def answer(self, stage: str, action: str, token: str, answer: Answer) -> bool:
        """Answer a waiting approval. False where no approval of this action waits with the token.

        Raises RequestRejected where it was answered before, or is being stopped. An answered approval neither expires
        nor is abandoned.
        """
        for attempt in self.running.values():
            if attempt.token and (attempt.state.stage, attempt.action.name, attempt.token) == (stage, action, token):
                if attempt.answer is not None:
                    raise RequestRejected("ApprovalAlreadyCompletedException", "this approval was answered before")
                if attempt.stop.is_set():
                    raise RequestRejected("InvalidApprovalTokenException", f"{attempt.where} does not wait any more")
                self._report(attempt, "answered", approved=answer.approved, text=answer.summary)
                attempt.put_answer(answer)
                return True
        return False

    def is_asking(self, stage: str, action: str) -> bool:
        """Return whether an approval of this name waits."""
        names = ((attempt.state.stage, attempt.action.name) for attempt in self.running.values() if attempt.token)
        return (stage, action) in names

    def approvals_outside(self, pipeline: Pipeline) -> list[AttemptKey]:
        """Return the waiting approvals in stages that `pipeline` does not have: they can no longer be answered."""
        stages = {stage.name for stage in pipeline.stages}
        return [key for key, attempt in self.running.items() if attempt.token and attempt.state.stage not in stages]

    def progress(self, attempt: Attempt, text: str) -> None:
        """Report of a worker."""
        self._context.scheduler.post(partial(self._report, attempt, "progress", text=text))

    def waiting(self, attempt: Attempt, text: str) -> None:
        """Report of a worker."""
        self._context.scheduler.post(partial(self._report, attempt, "waiting", token=attempt.token, text=text))

    def expired(self, attempt: Attempt) -> None:
        """Report of a worker. The engine's thread decides whether the answer or the expiry came first."""
        self._context.scheduler.post(attempt.expire)

    def identified(self, attempt: Attempt, external_id: str) -> None:
        """Report of a worker."""
        self._context.scheduler.post(partial(self._report, attempt, "identified", external_id=external_id))

    def ended(self, attempt: Attempt, result: AttemptResult) -> None:
        """Report of a worker."""
        self._context.scheduler.post(partial(self._end, attempt, result))

    def _run_in_worker(self, key: AttemptKey, action: Action, problem: UnknownVariable | None) -> None:
        context, state = self._context, self._record.state
        seconds = limit(action, context.env.limits)
        token = str(uuid.uuid4()) if action.type == APPROVAL else ""
        attempt = Attempt(state, action, state.attempts[key], seconds, token, context.env, self, problem)
        self.running[key] = attempt
        if state.abandoned:
            attempt.cancel()
        attempt.end_timer = context.scheduler.call_later(seconds, attempt.expire)
        context.scheduler.spawn(attempt)

    def _end(self, attempt: Attempt, result: AttemptResult) -> None:
        attempt.end_timer()
        status, outcome, code = settle(attempt, result, format_duration(attempt.limit))
        self._report(
            attempt,
            "finished",
            status=status,
            summary=outcome.summary,
            seconds=time.time() - attempt.state.started,
            error_code=code,
            namespace=attempt.action.namespace,
            variables=dict(outcome.variables),
            outputs=artifact_records(self._with_revision(attempt.action, outcome)),
            revision=vars(outcome.revision) if outcome.revision else None,
            external_id=outcome.external_id,
            executed=outcome.executed,
        )
        del self.running[attempt.state.key]
        self._ended(result.discarded)

    def _with_revision(self, action: Action, outcome: Outcome) -> Mapping[str, Artifact]:
        """The output artifacts with a revision: that of the source action, else that of the primary input."""
        revision, primary = "", self._record.state.artifacts.get(action.primary)
        if outcome.revision:
            revision = outcome.revision.id
        elif primary:
            revision = primary.revision
        return {name: replace(artifact, revision=revision) for name, artifact in outcome.outputs.items()}

    def _report(self, attempt: Attempt, what: str, /, **fields: Unpack[EventFields]) -> None:
        """Write an event of a running attempt; drop reports that arrive after its end."""
        if attempt.state.key in self.running:
            self._write(attempt.state.key, attempt.action, what, **fields)

    def _write(self, key: AttemptKey, action: Action, what: str, /, **fields: Unpack[EventFields]) -> None:
        """Write an event `action-...`, or `rule-...` for a rule of a condition."""
        is_rule, stage, name, number = key
        event: EventFields = {
            "stage": stage,
            "action": name,
            "attempt": number,
            "provider": str(action.type),
            "owner": action.owner,
            "region": action.region or self._record.state.key.region,
            **fields,
        }
        self._record.write(f"{'rule' if is_rule else 'action'}-{what}", **event)


def _resolved(action: Action, variables: Mapping[str, Mapping[str, str]]) -> Action:
    """The action with its references to variables replaced by values. Raises UnknownVariable."""
    return replace(
        action,
        configuration={key: resolve(text, variables) for key, text in action.configuration.items()},
        commands=tuple(resolve(command, variables) for command in action.commands),
    )
