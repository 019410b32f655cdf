"""The JSON Schema of cdk.json's settings, with which editors complete and check them."""

from __future__ import annotations

import json

from pydantic.json_schema import GenerateJsonSchema

from cdk_delivery.settings.model import Delivery

FILE = "cdk.schema.json"


class _PlainNames(GenerateJsonSchema):
    """Names a generic model without its type parameter: `Environment`, not `Environment[Options]`."""

    def normalize_name(self, name: str) -> str:
        return super().normalize_name(name.partition("[")[0])


def schema[OptionsT](settings: type[Delivery[OptionsT]]) -> dict[str, object]:
    """Return the schema of the whole cdk.json. It allows every key that is not one of these settings."""
    delivery = settings.model_json_schema(ref_template="#/$defs/{model}", schema_generator=_PlainNames)
    definitions = delivery.pop("$defs")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cdk.json of this project",
        "type": "object",
        "properties": {"context": {"type": "object", "properties": {"delivery": {"$ref": "#/$defs/Delivery"}}}},
        "$defs": {**definitions, "Delivery": delivery},
    }


def text[OptionsT](settings: type[Delivery[OptionsT]]) -> str:
    """Return the text of the file."""
    return json.dumps(schema(settings), indent=2) + "\n"
