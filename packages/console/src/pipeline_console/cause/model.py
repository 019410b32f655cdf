"""A root cause: the first error of the part that failed, where it is, and the next command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypedDict

Statement = dict[str, object]


class FailedAction(Protocol):
    """An action that failed. started: seconds since 1970; log: where its log is, empty where it has none."""

    @property
    def stage(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def provider(self) -> str: ...
    @property
    def started(self) -> float | None: ...
    @property
    def seconds(self) -> float | None: ...
    @property
    def summary(self) -> str: ...
    @property
    def log(self) -> str: ...


class PlaceJson(TypedDict):
    """`file` and `line` of a source, or the path of a CDK construct; an unknown one is null."""

    file: str | None
    line: int | None
    construct: str | None


class CauseJson(TypedDict):
    """One cause as `rehearse why --json` writes it; the contract is in docs/rehearsal/json.md."""

    stage: str
    action: str
    provider: str
    message: str
    place: PlaceJson
    command: str
    part: str
    lines: list[str]
    missing_statement: Statement | None
    next_command: str
    log: str
    also: list[str]


@dataclass(frozen=True)
class Place:
    """A file with a line, or a CDK construct; empty where the log names neither."""

    file: str = ""
    line: int | None = None
    construct: str = ""

    def __str__(self) -> str:
        return self.construct or ":".join(filter(None, (self.file, str(self.line or ""))))

    def as_json(self) -> PlaceJson:
        """Return the place for JSON, with unknown parts as null."""
        return {"file": self.file or None, "line": self.line, "construct": self.construct or None}


@dataclass(frozen=True)
class Finding:
    """An error that a tool printed. start: index of its first line in the lines that were searched."""

    message: str
    start: int
    place: Place = Place()
    lines: tuple[str, ...] = ()
    next_command: str = ""


@dataclass(frozen=True)
class Cause:
    """Why one action failed.

    command: the build's command that failed. part: the make target in it that failed. also: what else failed, a line
    each. log: the path of the whole log, empty where there is none.
    """

    stage: str
    action: str
    provider: str
    message: str
    place: Place = Place()
    command: str = ""
    part: str = ""
    lines: tuple[str, ...] = ()
    missing_statement: Statement | None = None
    next_command: str = ""
    log: str = ""
    also: tuple[str, ...] = ()

    def as_json(self) -> CauseJson:
        """Return the cause for JSON; the contract is in docs/rehearsal/json.md."""
        return {
            "stage": self.stage,
            "action": self.action,
            "provider": self.provider,
            "message": self.message,
            "place": self.place.as_json(),
            "command": self.command,
            "part": self.part,
            "lines": [*self.lines],
            "missing_statement": self.missing_statement,
            "next_command": self.next_command,
            "log": self.log,
            "also": [*self.also],
        }
