"""Publishes CodePipeline's events on EventBridge."""

from __future__ import annotations

import json

from rehearsal.emulator.eventbridge import aws_events
from rehearsal.emulator.eventbridge.event_shapes import pipeline_event
from rehearsal.engine.state.events import Event
from rehearsal.engine.state.execution import Execution


def publish(execution: Execution, event: Event) -> None:
    """Send the EventBridge event of a journal event, if there is one. A listener of the engine."""
    fields = pipeline_event(execution, event)
    if fields:
        put = {
            "Source": fields["source"],
            "DetailType": fields["detail-type"],
            "Detail": json.dumps(fields["detail"]),
            "Resources": fields["resources"],
        }
        aws_events.send(execution.key.account, execution.key.region, put)
