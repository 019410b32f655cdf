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
    return "\n".join(_line(details, name, model) for details in error.errors())


def _line(details: ErrorDetails, name: str, model: type[BaseModel]) -> str:
    location = details["loc"]
    if location[-1] == "[key]":
        return f"{name}: {_key(location[:-2])}: got the key {details['input']!r}; in quotes it would be a name"
    if details["type"] == "extra_forbidden":
        return f"{name}: {_key(location)}: there is no such key; allowed are {_allowed(location, model)}"
    if details["type"] == "missing":
        return f"{name}: {_key(location)}: {_KINDS['missing']}"
    return f"{name}: {_key(location)}: got {shorten(repr(details['input']))}; {_rule(details)}"


def _rule(details: ErrorDetails) -> str:
    if details["type"] == "literal_error":
        return f"allowed are {details['ctx']['expected']}"
    if details["type"] == "value_error":
        return str(details["ctx"]["error"])
    return _KINDS.get(details["type"], details["msg"])


def _key(location: Sequence[int | str]) -> str:
    """A key such as `phases.build.commands[0]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def _allowed(location: Sequence[int | str], model: type[BaseModel]) -> str:
    """The allowed keys next to the last key of `location`."""
    parts = iter(location[:-1])
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
