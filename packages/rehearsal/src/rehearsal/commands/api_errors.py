"""Conversion of API errors to WrongUse, with the API's code and message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from rehearsal.errors import WrongUse


@contextmanager
def convert_api_errors(operation: str) -> Iterator[None]:
    """Raise WrongUse where the API call in the block is refused. operation: the API operation's name."""
    try:
        yield
    except ClientError as error:
        refusal = error.response["Error"]
        raise WrongUse(f"{operation} was refused: {refusal.get('Message', '')} ({refusal['Code']})") from error
