"""Follow an execution, its restarts and its rollback to the end; answer approvals."""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import dataclass, replace

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from rehearsal import program_name
from rehearsal.commands.approval_answers import Verdict, ask_verdict, put_approval
from rehearsal.deploy.deployment import Deployment
from rehearsal.engine.state import journal
from rehearsal.engine.state.events import Event
from rehearsal.engine.state.execution import Execution
from rehearsal.engine.state.fold import fold
from rehearsal.errors import RehearsalError
from rehearsal.views.execution_view import ExecutionView
from rehearsal.views.terminal import Progress, progress
from rehearsal.views.traffic import ShiftNews
from rehearsal.workspace.layout import Workspace

STOP_SECONDS = 20


@dataclass(frozen=True)
class Follower:
    """Shows executions until they end.

    verdict: the answer to every approval; None asks on a terminal, else waits for `approve`. stops: whether an
    interrupt stops the execution. until: the stage after which to stop it; the caller has disabled the transition after
    it.
    """

    space: Workspace
    console: Console
    deployed: Deployment
    verdict: Verdict | None
    stops: bool = True
    until: str | None = None

    def follow(self, execution: str, end: int = 1) -> list[ExecutionView]:
        """Show an execution until it ends, then its restart, and so on; return the views of all, in order.

        end: the number of the end to wait for, since a retried execution ends several times.
        """
        views: list[ExecutionView] = []
        following: str | None = execution
        while following:
            watched = following
            try:
                view = self.watch(watched, end)
                if view.rolled_back_as:  # the execution has failed, whatever the result of its rollback
                    watched = view.rolled_back_as
                    self.console.print(f"execution {view.id}: {view.status}; {watched} rolls back", markup=False)
                    replace(self, until=None).watch(watched, end=1)
            except (KeyboardInterrupt, click.Abort):
                if self.stops:
                    self._stop(watched, end if watched == execution else 1)
                raise
            views.append(view)
            following, end = view.restarted_as, 1
            if following:
                self.console.print(f"execution {view.id}: {view.status}, {view.summary}; it starts again", markup=False)
        return views

    def watch(self, execution: str, end: int) -> ExecutionView:
        """Show one execution until its end number `end`.

        Earlier events are replayed only: they are neither shown nor answered.
        """
        state, view, ends, shifts = Execution(), ExecutionView(), 0, ShiftNews(self.space)
        with progress(self.console) as shown:
            for event in journal.follow(self.space.journal(execution), self._is_emulator_alive, end=end):
                if event:
                    state = fold(state, event)
                    view = ExecutionView.of_state(state)
                is_replayed = ends < end - 1
                shown.show(None if is_replayed else event, view)
                for line in () if is_replayed else shifts.take(view):
                    shown.say(f"traffic: {line}")
                if event:
                    ends += event["type"] == "execution-finished"
                    self._react(shown, execution, event, is_replayed=is_replayed)
        if view.seconds is None:
            log = self.space.logs / "emulator.log"
            raise RehearsalError(f"the embedded AWS ended during execution {execution}; its log is {log}")
        return view

    def _is_emulator_alive(self) -> bool:
        return self.space.server() is not None

    def _react(self, shown: Progress, execution: str, event: Event, *, is_replayed: bool) -> None:
        """Stop after the stage `until`, and answer approvals, but none in a replayed event."""
        if event["type"] == "stage-finished" and event["stage"] == self.until:
            self._stop_after_stage(execution, event)
        if event["type"] == "action-waiting" and not is_replayed:
            self._answer(shown, event)

    def _stop_after_stage(self, execution: str, event: Event) -> None:
        """Stop the execution after the stage of `event`, the last one to run, if it succeeded."""
        if event["status"] == "Succeeded":
            with contextlib.suppress(ClientError):
                self.deployed.api().stop_pipeline_execution(
                    pipelineName=self.deployed.key.name,
                    pipelineExecutionId=execution,
                    reason=f"rehearsed until {event['stage']}",
                )

    def _stop(self, execution: str, end: int) -> None:
        """Stop an execution, abandon its actions, and wait until they have ended, at most STOP_SECONDS."""
        deadline, path = time.monotonic() + STOP_SECONDS, self.space.journal(execution)
        with contextlib.suppress(ClientError, BotoCoreError):
            self.deployed.api().stop_pipeline_execution(
                pipelineName=self.deployed.key.name, pipelineExecutionId=execution, abandon=True, reason="interrupted"
            )
            for _ in journal.follow(path, lambda: time.monotonic() < deadline, end=end):
                pass

    def _answer(self, shown: Progress, event: Event) -> None:
        verdict, how = self.verdict, "answered in advance"
        if verdict is None:
            if not (self.console.is_terminal and sys.stdin.isatty()):
                name = program_name.command_name()
                self.console.print(f"answer with `{name} approve` or `reject` in another terminal")
                return
            shown.pause()
            verdict, how = ask_verdict(event), "answered on the terminal"
            shown.resume()
        put_approval(self.deployed, event["stage"], event["action"], event["token"], verdict=verdict, summary=how)


def is_target_reached(view: ExecutionView, until: str | None) -> bool:
    """Return whether the execution succeeded, or was stopped after the success of the stage `until`."""
    is_reached = any(stage.name == until and stage.status == "Succeeded" for stage in view.stages)
    return view.status == "Succeeded" or (view.status == "Stopped" and is_reached)
