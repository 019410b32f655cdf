"""The endings of an action: it succeeds, fails, errors, is stopped.

There are two ways to be stopped: with abandon the action is ended, without it is let end, here by failing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from rehearsal.engine.action_api import Artifact, Outcome, Task
from rehearsal.engine.model.definition import ArtifactStore
from tests.engine.conftest import Door, Live, Stage, errors, eventually, fails, succeeds, until_stopped

Part = Callable[[Task], Outcome]


@dataclass(frozen=True)
class Ending:
    """How one action ends. `status`: of its execution where nothing is retried; `good`: the stage goes on."""

    name: str
    status: str
    then: Part
    abandon: bool | None = None

    @property
    def good(self) -> bool:
        return self.status == "Succeeded"

    @property
    def failed(self) -> bool:
        return self.status == "Failed"

    @property
    def action_status(self) -> str:
        return "Succeeded" if self.good else "Abandoned" if self.abandon else "Failed"

    def begin(self, stage: Stage, name: str, start: Callable[[], Live]) -> tuple[Live, Door]:
        """What `start` starts, at the moment when its action `name` runs."""
        door = stage.played.parts[name] = Door(self.then)
        execution = start()
        eventually(lambda: door.holds(execution))
        return execution, door

    def end(self, stage: Stage, execution: Live, door: Door) -> None:
        """Let the action end so."""
        if self.abandon is not None:
            stage.stop(execution, abandon=self.abandon)
        door.open(execution)

    def play(self, stage: Stage, name: str, definition: dict[str, Any]) -> Live:
        """An execution of `definition` whose action `name` has ended so; other executions have ended too."""
        execution, door = self.begin(stage, name, lambda: stage.start(definition))
        stage.played.parts[name] = self.then
        self.end(stage, execution, door)
        stage.wait()
        return execution


def gives(task: Task) -> Outcome:
    """Fails, although it has made something."""
    return replace(succeeds(task), failed=True, outputs=MADE)


def makes(task: Task) -> Outcome:
    return replace(succeeds(task), outputs=MADE)


MADE = {"Made": Artifact(ArtifactStore("bucket", None), "key")}
ENDINGS = [
    Ending("succeeds", "Succeeded", succeeds),
    Ending("fails", "Failed", fails),
    Ending("errors", "Failed", errors),
    Ending("is stopped with abandon", "Stopped", until_stopped, abandon=True),
    Ending("is stopped", "Stopped", fails, abandon=False),
]
