"""An error of the APIs that this project answers."""

from __future__ import annotations


class ApiError(Exception):
    """An error of an API. code: AWS's name, such as `PipelineNotFoundException`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
