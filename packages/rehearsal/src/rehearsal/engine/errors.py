"""Requests that CodePipeline rejects, by the error code of its API."""

from __future__ import annotations

from rehearsal.errors import RehearsalError


class RequestRejected(RehearsalError):
    """code: an exception of the CodePipeline API, `StageNotFoundException` for example."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
