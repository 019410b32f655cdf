"""EventBridge: events of AWS's own sources, and what the target of a rule gets."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import TypedDict

from ministack.services import eventbridge


class Target(TypedDict, total=False):
    """The target of a rule."""

    Arn: str
    Input: str
    InputTransformer: Mapping[str, object]
    RoleArn: str


class Rule(TypedDict, total=False):
    Arn: str
    Name: str


def put_aws_event(entry: Mapping[str, object]) -> None:
    """Put an event of a source of AWS's own, which the API refuses, on the bus of the request's account."""
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def event_envelope(event: Mapping[str, object]) -> object:
    """Return an event as it is delivered to targets."""
    return eventbridge._pattern_event_view(event)


def transform_input(transformer: Mapping[str, object], envelope: object) -> str:
    """Return the text that an input transformer makes of an event's envelope."""
    return str(eventbridge._apply_input_transformer(transformer, None, envelope))


def new_scoped_store() -> MutableMapping[str, object]:
    """Return an empty store of the kind that holds rules and targets, by account and region."""
    store: MutableMapping[str, object] = type(eventbridge._rules)()
    return store
