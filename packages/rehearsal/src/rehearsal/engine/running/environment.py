"""The environment that all executions share: embedded AWS, runners of actions and rules, folders, limits, listener."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal.engine.action_api import ActionRunner, Assume, Require, allow_everything
from rehearsal.engine.endpoint import Endpoint
from rehearsal.engine.model.definition import ActionType
from rehearsal.engine.state.events import Event
from rehearsal.engine.state.execution import Execution

Listener = Callable[[Execution, Event], None]


def ignore_event(_execution: Execution, _event: Event) -> None:
    """A listener that does nothing."""


@dataclass(frozen=True)
class Environment:
    """The dependencies of the engine, which its caller provides.

    executions, pipelines: the folders of their journals. listener: called with every event of every execution, after it
    is in the journal and in the published snapshot. limits: seconds per action type, where they differ from
    CodePipeline's. check_permission: checks the policies of a role.
    """

    endpoint: Endpoint
    assume: Assume
    runners: Mapping[ActionType, ActionRunner]
    executions: Path
    pipelines: Path
    listener: Listener = ignore_event
    limits: Mapping[ActionType, float] = field(default_factory=dict)
    check_permission: Require = allow_everything
