"""The JSON Schema of cdk.json's settings, by which editors complete and check them."""

import json
from typing import Any

from pipeline.settings.model import Delivery

FILE = "cdk.schema.json"


def schema() -> dict[str, Any]:
    """For the whole of cdk.json; what is not ours there is let through."""
    delivery = Delivery.model_json_schema(ref_template="#/$defs/{model}")
    definitions = delivery.pop("$defs")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cdk.json of this project",
        "type": "object",
        "properties": {"context": {"type": "object", "properties": {"delivery": {"$ref": "#/$defs/Delivery"}}}},
        "$defs": {**definitions, "Delivery": delivery},
    }


def text() -> str:
    """What stands in the file."""
    return json.dumps(schema(), indent=2) + "\n"
