"""Errors that end the command, and reads of AWS that failed and leave the rest of a page standing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["denied", "throttled", "unreachable", "missing", "rejected"]


class WrongUse(Exception):
    """Wrong use or settings: the value read, what is allowed, what to do next."""

    exit_code = 2


@dataclass(frozen=True)
class Problem:
    """Why AWS did not answer a read or a change. action: the IAM action that was called, such as `s3:GetObject`."""

    kind: Kind
    action: str
    message: str


class ReadFailed(Exception):
    """AWS did not answer as needed; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.action}: {problem.message}")
        self.problem = problem
