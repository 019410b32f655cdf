"""The JSON Schema of the settings, with which editors check cdk.json."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cdk_delivery.settings import json_schema
from cdk_delivery.settings.model import Delivery
from tests.app.shop_options import ShopOptions


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    """A validator that checks the file as an editor does."""
    return Draft202012Validator(json.loads(json_schema.text(Delivery[ShopOptions])))


@pytest.mark.parametrize(
    ("key", "value"),
    [("name", "Echo Delivery"), ("account", "1"), ("execution", "parallel"), ("nmae", "echo"), ("environments", [])],
)
def test_an_editor_sees_what_is_refused(
    context: dict[str, Any], validator: Draft202012Validator, key: str, value: object
) -> None:
    """The schema rejects what the model rejects."""
    wrong = {"context": {"delivery": {**context["delivery"], key: value}}}
    assert [error.path[-1] if key != "nmae" else key for error in validator.iter_errors(wrong)] == [key]


def test_an_editor_knows_the_options_of_the_service(context: dict[str, Any], validator: Draft202012Validator) -> None:
    """The schema has the team's options; without a model any object is allowed."""
    wrong = json.loads(json.dumps({"context": context}))
    wrong["context"]["delivery"]["environments"][1]["service"]["memory"] = 1
    (error,) = validator.iter_errors(wrong)
    assert error.validator == "additionalProperties"
    anything = Draft202012Validator(json_schema.schema(Delivery[dict[str, Any]]))
    assert list(anything.iter_errors(wrong)) == []


def test_generic_settings_keep_their_names() -> None:
    """Definitions have the names and descriptions of the generic models, without type parameters."""
    definitions: Any = json_schema.schema(Delivery[ShopOptions])["$defs"]
    assert {"Delivery", "Environment", "ShopOptions"} <= {*definitions}
    assert definitions["Delivery"]["description"] == Delivery.__doc__
    assert definitions["Environment"]["title"] == "Environment"
