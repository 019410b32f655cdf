"""Errors of the API as wrong use: with the API's code and message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from rehearsal.errors import WrongUse


@contextmanager
def convert_api_errors(operation: str) -> Iterator[None]:
    """Raises WrongUse where the call in the block is refused. operation: how the API calls it."""
    try:
        yield
    except ClientError as error:
        refusal = error.response["Error"]
        raise WrongUse(f"{operation} was refused: {refusal.get('Message', '')} ({refusal['Code']})") from error
