"""Delivery of a rule's events to functions by asynchronous invocation, with Lambda's retries and dead-letter queue."""

from __future__ import annotations

import json
from collections.abc import Callable

from rehearsal.emulator.ministack.port import functions

Dispatch = Callable[[str, str], None]


def invoke_with_retries(_dispatch: Dispatch) -> Dispatch:
    """Return the replacement of the function that passes a rule's event to a Lambda function."""

    def dispatch(arn: str, payload: str) -> None:
        functions.invoke_asynchronously(arn, json.loads(payload))

    return dispatch
