"""The app: its imports, and its errors."""

import ast
from functools import partial
from typing import Any

import pytest
from aws_cdk import App

import pipeline_app
from tests.root import ROOT

OURS = {"bench", "cdk_delivery", "lambda", "lambda_layers", "pipeline", "rehearsal", "stages", "tests"}


def test_the_app_knows_the_pipeline_and_cdk_delivery_only() -> None:
    """pipeline_app.py, which import-linter does not check, imports only the pipeline and cdk_delivery."""
    tree = ast.parse((ROOT / "pipeline_app.py").read_text())
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert {module.split(".")[0] for module in modules} & OURS == {"cdk_delivery", "pipeline"}


def test_bad_settings_end_with_2_and_one_message(
    context: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Invalid settings exit with 2 and one message, without a traceback."""
    delivery = {**context["delivery"], "account": "1"}
    monkeypatch.setattr(pipeline_app, "App", partial(App, context={**context, "delivery": delivery}))
    assert pipeline_app.main() == 2
    wanted = "cdk.json context.delivery.account: got '1' (1 digits); an AWS account id has 12 digits"
    assert capsys.readouterr().err.strip() == wanted
