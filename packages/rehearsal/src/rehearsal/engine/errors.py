"""Errors of the CodePipeline API."""

from __future__ import annotations

from rehearsal.errors import RehearsalError


class RequestRejected(RehearsalError):
    """A request that CodePipeline rejects. code: the API's exception, such as `StageNotFoundException`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
