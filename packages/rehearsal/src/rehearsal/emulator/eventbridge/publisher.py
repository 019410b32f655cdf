"""Publishes CodePipeline's events on EventBridge's default bus, so that deployed rules match them."""

from __future__ import annotations

import json
import logging

from rehearsal.emulator.eventbridge.event_shapes import entry
from rehearsal.emulator.ministack.port import eventbridge
from rehearsal.emulator.ministack.port.requests import request_scope
from rehearsal.engine.state.events import Event
from rehearsal.engine.state.execution import Execution

log = logging.getLogger(__name__)


def publish(execution: Execution, event: Event) -> None:
    """Put the EventBridge event of a journal event, if there is one. A listener of the engine.

    It does not use the API, which rejects events of AWS's sources. MiniStack iterates over copies of its stores, so
    another thread may change rules concurrently. A failure is not retried: targets that were reached before it would be
    called twice.
    """
    fields = entry(execution, event)
    if fields is None:
        return
    put = {
        "Source": fields["source"],
        "DetailType": fields["detail-type"],
        "Detail": json.dumps(fields["detail"]),
        "Resources": fields["resources"],
    }
    with request_scope(execution.key.account, execution.key.region):
        try:
            eventbridge.put_aws_event(put)
        except Exception:
            log.exception("event %s", put["DetailType"])
