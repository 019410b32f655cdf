"""The JSON Schema of cdk.json's settings, by which editors complete and check them."""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from cdk_delivery.settings.model import Delivery

FILE = "cdk.schema.json"


class _PlainNames(GenerateJsonSchema):
    """A generic model has its own name among the definitions, whatever model it is given."""

    def normalize_name(self, name: str) -> str:
        return super().normalize_name(name.partition("[")[0])


def schema(settings: type[Delivery[Any]]) -> dict[str, Any]:
    """For the whole of cdk.json; what is not ours there is let through."""
    delivery = settings.model_json_schema(ref_template="#/$defs/{model}", schema_generator=_PlainNames)
    definitions = delivery.pop("$defs")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cdk.json of this project",
        "type": "object",
        "properties": {"context": {"type": "object", "properties": {"delivery": {"$ref": "#/$defs/Delivery"}}}},
        "$defs": {**definitions, "Delivery": delivery},
    }


def text(settings: type[Delivery[Any]]) -> str:
    """Return the text of the file."""
    return json.dumps(schema(settings), indent=2) + "\n"
