"""An execution, replayed from its journal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rehearsal.engine.state import journal
from rehearsal.engine.state.journal import Event
from rehearsal.workspace.layout import Workspace


@dataclass
class ActionView:
    name: str
    provider: str
    status: str = ""
    started: float | None = None
    seconds: float | None = None
    summary: str = ""
    log: str = ""
    progress: str = ""
    token: str | None = None
    executed: bool = True


@dataclass
class StageView:
    name: str
    actions: list[ActionView]
    status: str = ""


@dataclass
class ExecutionView:
    """`status` is empty until the execution is known to have started; stages are in the definition's order.

    revision: what the first source action brought: a commit, an object's version, an image's digest.
    """

    id: str = ""
    pipeline: str = ""
    status: str = ""
    summary: str = ""
    seconds: float | None = None
    started: float | None = None
    trigger: str = ""
    only: str = ""
    revision: str = ""
    restart_of: str | None = None
    restarted_as: str | None = None
    rolled_back_as: str | None = None
    accepted_rules: dict[str, str] = field(default_factory=dict)
    stages: list[StageView] = field(default_factory=list)

    def apply(self, event: Event) -> None:
        """Apply one event; unknown ones change nothing."""
        kind = event["type"]
        if kind == "execution-started":
            self.id, self.pipeline, self.status = event["execution"], event["pipeline"], "InProgress"
            self.started, self.restart_of = event["at"], event.get("restart_of")
            self.only = event.get("only", "")
            trigger = event.get("trigger", {})
            self.trigger = " ".join(filter(None, (trigger.get("triggerType"), trigger.get("triggerDetail"))))
            self.stages = [
                StageView(stage["name"], [ActionView(each["name"], each["provider"]) for each in stage["actions"]])
                for stage in event["stages"]
            ]
        elif kind == "execution-finished":
            self.status, self.summary, self.seconds = event["status"], event["summary"], event["seconds"]
            self.restarted_as = event.get("restarted_as")
            self.rolled_back_as = event.get("rolled_back_as")
        elif kind == "execution-resumed":
            self.status, self.summary, self.seconds = "InProgress", "", None
        elif kind in ("stage-started", "stage-finished"):
            self.stage(event["stage"]).status = event.get("status", "InProgress")
        elif kind.startswith("action-"):
            self._apply_action(kind, event)
        elif kind == "rule-finished" and not event.get("executed", True):
            self.accepted_rules[f"{event['stage']}/{event['action']}"] = event["provider"]

    def _apply_action(self, kind: str, event: Event) -> None:
        action = self.action(event["stage"], event["action"])
        if kind == "action-started":
            action.status, action.started, action.log = "InProgress", event["at"], event["log"]
        elif kind == "action-progress":
            action.progress = event["text"]
        elif kind == "action-waiting":
            action.token, action.progress = event["token"], "waits for an approval"
        elif kind == "action-finished":
            action.status, action.seconds, action.summary = event["status"], event["seconds"], event["summary"]
            action.token, action.executed = None, event.get("executed", True)
            if action.provider.startswith("Source/"):
                self.revision = self.revision or _revision(event.get("variables", {}))

    def stage(self, name: str) -> StageView:
        return next(each for each in self.stages if each.name == name)

    def action(self, stage: str, name: str) -> ActionView:
        return next(each for each in self.stage(stage).actions if each.name == name)

    def failed(self) -> list[tuple[StageView, ActionView]]:
        return [(stage, action) for stage in self.stages for action in stage.actions if action.status == "Failed"]


_REVISIONS = ("CommitId", "VersionId", "ImageDigest")


def _revision(variables: dict[str, str]) -> str:
    """Source: AWS CodePipeline user guide, "Variables reference": what each kind of source calls its revision."""
    return next((variables[name] for name in _REVISIONS if name in variables), "")


def replay(events: Iterable[Event]) -> ExecutionView:
    view = ExecutionView()
    for event in events:
        view.apply(event)
    return view


def load_execution_view(space: Workspace, execution: str) -> ExecutionView:
    """Return the execution of this id, from its journal so far."""
    return replay(journal.read(space.journal(execution)))


def stages_as_json(view: ExecutionView) -> list[dict[str, Any]]:
    """Return stages and their actions as `--json` prints them. Contract: docs/rehearsal/json.md."""
    return [
        {
            "name": stage.name,
            "status": stage.status,
            "actions": [
                {
                    "name": action.name,
                    "provider": action.provider,
                    "status": action.status,
                    "seconds": None if action.seconds is None else round(action.seconds, 2),
                    "summary": action.summary,
                }
                for action in stage.actions
            ],
        }
        for stage in view.stages
    ]
