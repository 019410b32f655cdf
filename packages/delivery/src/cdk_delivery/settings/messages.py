"""Error messages for wrong settings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from cdk_delivery.settings.source import KINDS

PREFIX = "cdk.json context.delivery"


class SettingsError(Exception):
    """The settings are refused; one line per fault."""


def error_line(fault: ErrorDetails, model: type[BaseModel]) -> str:
    """Return a line with the setting's path, the value read, and what is allowed."""
    location = _without_tags(fault["loc"])
    where = PREFIX + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    match fault["type"]:
        case "extra_forbidden":
            return f"{where}: there is no such setting; there are {', '.join(_fields(model, fault['loc'][:-1]))}"
        case "missing":
            return f"{where}: is missing; it has to be given"
        case "union_tag_not_found":
            return f"{where}.type: is missing; allowed are {', '.join(KINDS)}"
        case "union_tag_invalid":
            got = fault["input"]["type"]
            return f"{where}.type: got {got!r}; allowed are {', '.join(KINDS)}"
        case "refused":
            return f"{where}: {fault['msg']}"
    return f"{where}: got {fault['input']!r}; {fault['msg'][:1].lower()}{fault['msg'][1:]}"


def _without_tags(location: Sequence[str | int]) -> list[str | int]:
    """Return the location in cdk.json: pydantic adds the source's type between `source` and its field."""
    return [part for previous, part in pairwise(["", *location]) if previous != "source"]


def _fields(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """Return the names of the settings that are allowed at `location`."""
    for part in location:
        if isinstance(part, str):
            model = KINDS.get(part) or _model_of(model, part)
    return sorted(model.model_fields)


def _model_of(model: type[BaseModel], field: str) -> type[BaseModel]:
    if field not in model.model_fields:
        return model
    annotation = model.model_fields[field].annotation
    inner = [annotation, *getattr(annotation, "__args__", ())]
    return next((part for part in inner if isinstance(part, type) and issubclass(part, BaseModel)), model)
