"""The committed JSON Schema is that of the settings."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cdk_delivery.settings import json_schema
from cdk_delivery.settings.model import Delivery
from stages.service_options import ServiceOptions
from tests.root import ROOT


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    """What an editor does with the file."""
    return Draft202012Validator(json.loads((ROOT / json_schema.FILE).read_text()))


def test_the_committed_schema_is_current() -> None:
    """`make synth generate` writes it."""
    assert (ROOT / json_schema.FILE).read_text() == json_schema.text(Delivery[ServiceOptions])


def test_cdk_json_names_it_and_keeps_it(validator: Draft202012Validator) -> None:
    """Editors find it by `$schema`."""
    settings = json.loads((ROOT / "cdk.json").read_text())
    assert settings["$schema"] == f"./{json_schema.FILE}"
    assert list(validator.iter_errors(settings)) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [("name", "Echo Delivery"), ("account", "1"), ("execution", "parallel"), ("nmae", "echo"), ("environments", [])],
)
def test_an_editor_sees_what_is_refused(
    context: dict[str, Any], validator: Draft202012Validator, key: str, value: object
) -> None:
    """Before anything is run."""
    wrong = {"context": {"delivery": {**context["delivery"], key: value}}}
    assert [error.path[-1] if key != "nmae" else key for error in validator.iter_errors(wrong)] == [key]
