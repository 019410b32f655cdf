"""docs/go-live.md and docs/add-an-environment.md, followed in a copy of the project: its gates stay green."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from cdk_delivery.gates.secrets import BASELINE, unaccepted_secrets
from tests.docs.page import Page, run
from tests.root import ROOT

PAGE = Page(ROOT / "docs" / "add-an-environment.md")
PUSHED = "not e2e and not slow and not soak and not pages"
CONNECTION = "arn:aws:codeconnections:eu-central-1:210987654321:connection/7d2469ff-514a-4f39-9003-9ca4d1bf1f3a"


def followed(page: Page, delivery: dict[str, Any]) -> dict[str, Any]:
    """Return settings with other values of all kinds, the page's environment, and a wave of two."""
    (added,) = (json.loads(block.text) for block in page.blocks() if block.language == "json")
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


@pytest.mark.slow
def test_the_gates_are_green_with_other_settings(copy: Path, context: dict[str, Any], tmp_path: Path) -> None:
    """After any change of cdk.json, `make synth generate` suffices for green gates.

    Those of types, lint, lock and dependencies read neither cdk.json nor the generated files.
    """
    settings = json.loads((copy / "cdk.json").read_text())
    settings["context"]["delivery"] = followed(PAGE, context["delivery"])
    (copy / "cdk.json").write_text(json.dumps(settings, indent=2) + "\n")
    run("make synth generate", copy)
    assert re.search(r"^\| \w+Role \| .*\bstage\b", (copy / "docs" / "security.md").read_text(), re.MULTILINE)
    run(f"pytest -m '{PUSHED}' tests/pipeline tests/test_pipeline_app.py", copy)
    changed = run("git ls-files --modified --others --exclude-standard", copy).splitlines()
    assert {"cdk.json", "docs/security.md"} <= {*changed}
    for name in changed:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(copy / name, tmp_path / name)
    shutil.copyfile(copy / BASELINE, tmp_path / BASELINE)
    assert [*unaccepted_secrets(tmp_path)] == []
