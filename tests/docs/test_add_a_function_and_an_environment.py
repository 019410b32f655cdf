"""docs/add-a-function.md and docs/add-an-environment.md, followed in a project with settings of its team."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from cdk_delivery.gates.secrets import BASELINE, unaccepted_secrets
from tests.docs.conftest import restore
from tests.docs.page import Page, run
from tests.root import ROOT

FUNCTION, ENVIRONMENT = (Page(ROOT / "docs" / f"{name}.md") for name in ("add-a-function", "add-an-environment"))
PUSHED = "not e2e and not slow and not soak and not pages"
CONNECTION = "arn:aws:codeconnections:eu-central-1:210987654321:connection/7d2469ff-514a-4f39-9003-9ca4d1bf1f3a"

pytestmark = pytest.mark.slow


def settings_of_a_team(delivery: dict[str, Any]) -> dict[str, Any]:
    """Return settings with other values of all kinds, the page's environment, and a wave of two."""
    (added,) = (json.loads(block.text) for block in ENVIRONMENT.blocks() if block.language == "json")
    dev, prod = delivery["environments"]
    prod = prod | {"account": "210987654323", "region": "us-east-1", "wave": "live"}
    environments = [
        dev | {"account": "210987654322"},
        added,
        prod,
        prod | {"name": "prodfra", "region": "eu-central-1"},
    ]
    source = delivery["source"] | {"connection_arn": CONNECTION, "repository": "company/orders"}
    own = {"name": "orders", "account": "210987654321", "region": "eu-central-1", "source": source}
    return delivery | own | {"notify": {"emails": ["delivery@company.com"]}, "environments": environments}


@pytest.fixture(scope="module")
def extended(reader: Path, context: dict[str, Any]) -> Path:
    """The project with those settings, and the page's third function, which the end-to-end tests rehearse."""
    restore(reader)
    settings = json.loads((reader / "cdk.json").read_text())
    settings["context"]["delivery"] = settings_of_a_team(context["delivery"])
    (reader / "cdk.json").write_text(json.dumps(settings, indent=2) + "\n")
    FUNCTION.follow(reader)
    return reader


def test_a_third_function_is_a_folder_and_an_entry(extended: Path) -> None:
    """Each environment gets the new function, with the same resources as the others."""
    templates = [json.loads(file.read_text()) for file in (extended / "cdk.out").rglob("*Echo*.template.json")]
    assert len(templates) == 4
    for template in templates:
        mine = {id_: resource["Type"] for id_, resource in template["Resources"].items() if "Greet" in id_}
        assert list(mine.values()).count("AWS::SQS::Queue") == 2
        assert {"AWS::Lambda::Function", "AWS::Lambda::Alias", "AWS::Lambda::EventSourceMapping"} <= set(mine.values())
        assert {"AWS::IAM::Role", "AWS::Logs::LogGroup", "AWS::CloudWatch::Alarm"} <= set(mine.values())


def test_the_gates_are_green_with_other_settings(extended: Path, tmp_path: Path) -> None:
    """After any change of cdk.json, `make synth generate` suffices for green gates.

    Those of types, lint, lock and dependencies read neither cdk.json nor the generated files.
    """
    run("make --old-file=synth generate", extended)  # the page's `make synth` was green
    assert re.search(r"^\| \w+Role \| .*\bstage\b", (extended / "docs" / "security.md").read_text(), re.MULTILINE)
    run(f"pytest -m '{PUSHED}' tests/pipeline tests/test_pipeline_app.py", extended)
    changed = run("git ls-files --modified --others --exclude-standard", extended).splitlines()
    assert {"cdk.json", "docs/security.md"} <= {*changed}
    for name in changed:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(extended / name, tmp_path / name)
    shutil.copyfile(extended / BASELINE, tmp_path / BASELINE)
    assert [*unaccepted_secrets(tmp_path)] == []
