"""Messages for validation errors of a buildspec: file, key, value, and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from rehearsal.shortened_text import shorten

_KINDS = {
    "tuple_type": "a list of texts is allowed, each behind a dash",
    "string_type": "a text is allowed; put it in quotes where it holds `: `",
    "mapping_type": "a mapping is allowed",
    "model_type": "a mapping is allowed",
    "dict_type": "a mapping is allowed",
    "bool_parsing": "yes and no are allowed",
    "bool_type": "yes and no are allowed",
    "missing": "it is required",
    "too_long": "at most five are allowed",
}


def describe_errors(error: ValidationError, name: str, model: type[BaseModel]) -> str:
    """Return a line for every error. name: the file's name. model: the buildspec's model."""
    return "\n".join(_line(fault, name, model) for fault in error.errors())


def _line(mistake: ErrorDetails, name: str, model: type[BaseModel]) -> str:
    place = mistake["loc"]
    if place[-1] == "[key]":
        return f"{name}: {_key(place[:-2])}: got the key {mistake['input']!r}; in quotes it would be a name"
    if mistake["type"] == "extra_forbidden":
        return f"{name}: {_key(place)}: there is no such key; allowed are {_allowed(place, model)}"
    if mistake["type"] == "missing":
        return f"{name}: {_key(place)}: {_KINDS['missing']}"
    return f"{name}: {_key(place)}: got {shorten(repr(mistake['input']))}; {_rule(mistake)}"


def _rule(mistake: ErrorDetails) -> str:
    if mistake["type"] == "literal_error":
        return f"allowed are {mistake['ctx']['expected']}"
    if mistake["type"] == "value_error":
        return str(mistake["ctx"]["error"])
    return _KINDS.get(mistake["type"], mistake["msg"])


def _key(place: Sequence[int | str]) -> str:
    """A key such as `phases.build.commands[0]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


def _allowed(place: Sequence[int | str], model: type[BaseModel]) -> str:
    """The allowed keys next to the last key of `place`."""
    parts = iter(place[:-1])
    section = model
    for part in parts:
        if isinstance(part, int):
            continue
        annotation = _fields(section)[str(part)].annotation
        if get_origin(annotation) is Mapping:
            next(parts)
        section = _model_in(annotation) or section
    return ", ".join(_fields(section))


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The model in an annotation such as `Mapping[str, Report]` or `Artifacts | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    models = (_model_in(arg) for arg in get_args(annotation))
    return next((model for model in models if model), None)
