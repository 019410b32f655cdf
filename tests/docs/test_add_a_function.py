"""docs/add-a-function.md, followed literally."""

import json
from pathlib import Path

import pytest

from tests.docs.page import Page
from tests.root import ROOT

PAGE = Page(ROOT / "docs" / "add-a-function.md")


@pytest.fixture
def extended(copy: Path) -> Path:
    """A copy of this project with the page's third function, which the end-to-end test rehearses."""
    PAGE.follow(copy)
    return copy


@pytest.mark.slow
def test_a_third_function_is_a_folder_and_an_entry(extended: Path) -> None:
    """Both environments get the new function, with the same resources as the others."""
    templates = [json.loads(file.read_text()) for file in (extended / "cdk.out").rglob("*Echo*.template.json")]
    assert len(templates) == 2
    for template in templates:
        mine = {id_: resource["Type"] for id_, resource in template["Resources"].items() if "Greet" in id_}
        assert list(mine.values()).count("AWS::SQS::Queue") == 2
        assert {"AWS::Lambda::Function", "AWS::Lambda::Alias", "AWS::Lambda::EventSourceMapping"} <= set(mine.values())
        assert {"AWS::IAM::Role", "AWS::Logs::LogGroup", "AWS::CloudWatch::Alarm"} <= set(mine.values())
