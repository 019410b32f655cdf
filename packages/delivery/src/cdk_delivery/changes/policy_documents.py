"""Policy documents of templates and of IAM's API, which may be objects or JSON text, and their statements."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TypeIs
from urllib.parse import unquote

EFFECTS = ("Allow", "Deny")


def statements(value: object) -> Iterator[object]:
    """Yield every statement of every policy document within `value`; a document may be JSON text.

    An intrinsic function in place of a statement, such as `Fn::If`, and text that is not JSON are yielded as they are.
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


def decoded(document: object) -> Mapping[str, object]:
    """Return a document of IAM's API, which has URL-encoded JSON text; boto3 decodes it in most responses."""
    if isinstance(document, Mapping):
        return document
    policy: dict[str, object] = json.loads(unquote(str(document)))
    return policy


def is_readable(statement: object) -> TypeIs[Mapping[str, object]]:
    """Whether it is a plain statement, with the effect Allow or Deny."""
    return isinstance(statement, Mapping) and statement.get("Effect") in EFFECTS


def as_list(value: object) -> list[object]:
    """Return a list: templates may have a single value in place of a list."""
    return value if isinstance(value, list) else [value]


def as_text(value: object) -> str:
    """Return text as it is, and anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _read(text: str, otherwise: object) -> Iterator[object]:
    try:
        yield from statements(json.loads(text))
    except ValueError:
        yield otherwise


def _text_of(value: object) -> str | None:
    """Return text, also of Fn::Sub and Fn::Join, with inserted values escaped for JSON; None for anything else."""
    match value:
        case str():
            return value
        case {"Fn::Sub": str(text)}:
            return text
        case {"Fn::Sub": [str(text), Mapping() as variables]}:
            return re.sub(r"\$\{(\w+)\}", lambda match: _escaped(variables.get(match[1], match[0])), text)
        case {"Fn::Join": ["", [*parts]]}:
            return "".join(part if isinstance(part, str) else _escaped(part) for part in parts)
    return None


def _escaped(value: object) -> str:
    return json.dumps(as_text(value))[1:-1]
