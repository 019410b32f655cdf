"""EventBridge: events of AWS's own sources, and the input of a rule's target."""

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
    """Put an event with a source such as `aws.codepipeline`, which the API rejects, on the request account's bus."""
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def event_envelope(event: Mapping[str, object]) -> object:
    """Return an event in the form that targets get."""
    return eventbridge._pattern_event_view(event)


def transform_input(transformer: Mapping[str, object], envelope: object) -> str:
    """Return the result of an input transformer for an event's envelope."""
    return str(eventbridge._apply_input_transformer(transformer, None, envelope))


def new_scoped_store() -> MutableMapping[str, object]:
    """Return an empty store by account and region, of MiniStack's type for rules and targets."""
    store: MutableMapping[str, object] = type(eventbridge._rules)()
    return store
