"""The view of an execution: what terminals and `--json` show of the state that is folded from its journal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from rehearsal.engine.state import journal
from rehearsal.engine.state.events import Event
from rehearsal.engine.state.execution import ActionState, Execution
from rehearsal.engine.state.fold import fold_all
from rehearsal.views.json_shapes import StageJson
from rehearsal.workspace.layout import Workspace

# The output variables of source actions that hold the revision.
_REVISIONS = ("CommitId", "VersionId", "ImageDigest")


@dataclass(frozen=True)
class ActionView:
    """An action. status: empty before it starts. started: seconds since 1970. executed: false where it was accepted."""

    stage: str
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

    @property
    def where(self) -> str:
        return f"{self.stage}/{self.name}"


@dataclass(frozen=True)
class StageView:
    name: str
    actions: list[ActionView]
    status: str = ""


@dataclass(frozen=True)
class ExecutionView:
    """An execution. status: empty before its first event. stages: in the definition's order.

    revision: of the first source action: a commit id, an object version or an image digest. accepted_rules: stage/rule
    -> provider of rules that were accepted and not executed.
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

    @classmethod
    def of_state(cls, state: Execution) -> Self:
        """Return the view of an execution in a state."""
        trigger = state.origin.trigger
        return cls(
            id=state.id,
            pipeline=state.key.name,
            status=state.status,
            summary=state.summary if state.seconds is not None else "",
            seconds=state.seconds,
            started=state.started if state.id else None,
            trigger=" ".join(filter(None, (trigger.get("triggerType"), trigger.get("triggerDetail")))),
            only=state.origin.only,
            revision=_revision(state),
            restart_of=state.origin.restart_of,
            restarted_as=state.restarted_as,
            rolled_back_as=state.rolled_back_as,
            accepted_rules={
                f"{rule.stage}/{rule.name}": rule.provider
                for rule in state.rules.values()
                if rule.outcome and not rule.outcome.executed
            },
            stages=_stages(state),
        )

    @property
    def actions(self) -> list[ActionView]:
        """The actions of all stages."""
        return [action for stage in self.stages for action in stage.actions]

    def stage(self, name: str) -> StageView:
        return next(stage for stage in self.stages if stage.name == name)

    def action(self, stage: str, name: str) -> ActionView:
        return next(action for action in self.stage(stage).actions if action.name == name)

    def failed(self) -> list[ActionView]:
        return [action for action in self.actions if action.status == "Failed"]


def _stages(state: Execution) -> list[StageView]:
    """Return every stage of the definition; the status of one that was not entered is empty."""
    return [
        StageView(
            stage,
            [_action_view(stage, name, provider, state.actions.get((stage, name))) for name, provider in actions],
            state.stages[stage].status if stage in state.stages else "",
        )
        for stage, actions in state.outline
    ]


def _action_view(stage: str, name: str, provider: str, state: ActionState | None) -> ActionView:
    if state is None:
        return ActionView(stage, name, provider)
    return ActionView(
        stage,
        name,
        provider,
        status=state.status,
        started=state.started,
        seconds=state.seconds,
        summary=state.summary,
        log=state.log,
        progress=state.progress,
        token=state.token,
        executed=state.outcome is None or state.outcome.executed,
    )


def _revision(state: Execution) -> str:
    """The revision of the first source action, from its output variables.

    Source: AWS CodePipeline user guide, "Variables reference".
    """
    outputs = (
        action.outcome.variables
        for action in state.attempts.values()
        if action.provider.startswith("Source/") and action.outcome
    )
    return next((variables[name] for variables in outputs for name in _REVISIONS if name in variables), "")


def replay(events: Iterable[Event]) -> ExecutionView:
    """Return the view after all events."""
    return ExecutionView.of_state(fold_all(events))


def load_execution_view(space: Workspace, execution: str) -> ExecutionView:
    """Return the execution of this id, from its journal so far."""
    return replay(journal.read(space.journal(execution)))


def stages_as_json(view: ExecutionView) -> list[StageJson]:
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
