"""The endings of an action: it succeeds, fails, errors, or is stopped.

A stop with abandon ends the action; a stop without it lets the action end, here with a failure.
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
    """How one action ends. `status`: the execution's status without a retry; `good`: the stage continues."""

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
        """Call `start`, and return its execution once its action `name` runs."""
        door = stage.played.parts[name] = Door(self.then)
        execution = start()
        eventually(lambda: door.holds(execution))
        return execution, door

    def end(self, stage: Stage, execution: Live, door: Door) -> None:
        """Let the action end in this way."""
        if self.abandon is not None:
            stage.stop(execution, abandon=self.abandon)
        door.open(execution)

    def play(self, stage: Stage, name: str, definition: dict[str, Any]) -> Live:
        """Run `definition` until its action `name` has ended in this way and every execution has ended."""
        execution, door = self.begin(stage, name, lambda: stage.start(definition))
        stage.played.parts[name] = self.then
        self.end(stage, execution, door)
        stage.wait()
        return execution


def gives(task: Task) -> Outcome:
    """Fail, although the action has an output artifact."""
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
