"""The committed JSON Schema of the settings."""

import json

import pytest
from jsonschema import Draft202012Validator

from cdk_delivery.settings import json_schema
from cdk_delivery.settings.model import Delivery
from stages.service_options import ServiceOptions
from tests.root import ROOT


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    """A validator that checks the file as an editor does."""
    return Draft202012Validator(json.loads((ROOT / json_schema.FILE).read_text()))


def test_the_committed_schema_is_current() -> None:
    """The committed schema is the one that `make synth generate` writes."""
    assert (ROOT / json_schema.FILE).read_text() == json_schema.text(Delivery[ServiceOptions])


def test_cdk_json_names_it_and_keeps_it(validator: Draft202012Validator) -> None:
    """cdk.json refers to the schema with `$schema`, and is valid."""
    settings = json.loads((ROOT / "cdk.json").read_text())
    assert settings["$schema"] == f"./{json_schema.FILE}"
    assert list(validator.iter_errors(settings)) == []
