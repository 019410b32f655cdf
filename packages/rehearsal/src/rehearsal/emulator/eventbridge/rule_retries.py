"""Events of a rule for a function: Lambda retries them, then its dead-letter queue gets them."""

from __future__ import annotations

import json
from collections.abc import Callable

from rehearsal.emulator.ministack.port import functions

Dispatch = Callable[[str, str], None]


def invoke_with_retries(_dispatch: Dispatch) -> Dispatch:
    """Return the replacement of the function that passes a rule's event to a function."""

    def dispatch(arn: str, payload: str) -> None:
        functions.invoke_asynchronously(arn, json.loads(payload))

    return dispatch
