"""The statements of the policies in a template, in whatever shape it holds them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

EFFECTS = ("Allow", "Deny")


def statements(value: Any) -> Iterator[Any]:
    """Every statement of every policy document within `value`, of documents that are text as well.

    What is not written out as a statement, such as an `Fn::If` of two, or a text that cannot be read, comes as it is.
    """
    if (text := _text_of(value)) is not None:
        if '"Statement"' in text:
            yield from _read(text, value)
    elif isinstance(value, Mapping):
        if "Statement" in value:
            yield from as_list(value["Statement"])
        for key, inner in value.items():
            if key != "Statement":
                yield from statements(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from statements(inner)


def is_readable(statement: Any) -> bool:
    """Whether it is a statement that says by itself what it allows or denies."""
    return isinstance(statement, Mapping) and statement.get("Effect") in EFFECTS


def as_list(value: Any) -> list[Any]:
    """One is written as it is, and several as a list."""
    return value if isinstance(value, list) else [value]


def as_text(value: Any) -> str:
    """A text as it is; anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _read(text: str, otherwise: Any) -> Iterator[Any]:
    try:
        yield from statements(json.loads(text))
    except ValueError:
        yield otherwise


def _text_of(value: Any) -> str | None:
    """A text, also one that CloudFormation joins: the values that it inserts are escaped JSON there."""
    match value:
        case str():
            return value
        case {"Fn::Sub": str(text)}:
            return text
        case {"Fn::Sub": [str(text), Mapping() as given]}:
            return re.sub(r"\$\{(\w+)\}", lambda found: _escaped(given.get(found[1], found[0])), text)
        case {"Fn::Join": ["", [*parts]]}:
            return "".join(part if isinstance(part, str) else _escaped(part) for part in parts)
    return None


def _escaped(value: Any) -> str:
    return json.dumps(as_text(value))[1:-1]
