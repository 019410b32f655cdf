"""Events of AWS's services on EventBridge's default bus, so that deployed rules match them."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from rehearsal.emulator.ministack.port import eventbridge
from rehearsal.emulator.ministack.port.requests import request_scope

log = logging.getLogger(__name__)


def send(account: str, region: str, event: Mapping[str, object]) -> None:
    """Put an event, in the form of an entry of PutEvents.

    It does not use the API, which rejects events of AWS's sources. MiniStack iterates over copies of its stores, so
    another thread may change rules concurrently. A failure is only logged, and not retried: targets that were reached
    before it would be called twice.
    """
    with request_scope(account, region):
        try:
            eventbridge.put_aws_event(event)
        except Exception:
            log.exception("event %s", event["DetailType"])
