"""A function as the console's reads return it, and its manual invocations."""

from __future__ import annotations

import pytest

from pipeline_console.reads import functions as reads
from pipeline_console.views.functions import Alias, Call, FunctionView, Place, Share
from tests.fake_aws import FakeAws, Json
from tests.pipelines import START, Pipeline

PLACE = Place("Dev", "Dev-Shop", "222222222222", "eu-west-1")
CALLS = (
    Call(START + 600, "11111111-aaaa", 12.0, 61, 380.0, ""),
    Call(START + 540, "22222222", 3.0, 61, None, "error"),
)
BASKET = FunctionView(
    PLACE,
    "basket",
    "python3.13",
    "",
    ("$LATEST", "7", "8"),
    (Alias("live", (Share("7", 90.0), Share("8", 10.0))),),
    CALLS,
    40,
    2,
)


def serve_functions(aws: FakeAws, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """Make the pipeline deploy one function, and return the list of its manual invocations."""
    definition = pipeline.definition()
    definition["stages"][2]["actions"][0] |= {
        "configuration": {"StackName": "Dev-Shop"},
        "roleArn": "arn:aws:iam::222222222222:role/deploy",
        "region": "eu-west-1",
    }
    aws.operations["codepipeline:GetPipeline"] = lambda _: {"pipeline": definition}
    invoked: list[tuple[object, ...]] = []

    def invoke(_: object, *given: object) -> Json:
        invoked.append(given)
        return {"error": "", "version": "7", "payload": '{"ok": "<b>"}', "log": "END"}

    monkeypatch.setattr(reads, "names", lambda *_: ["basket"])
    monkeypatch.setattr(reads, "read", lambda *_: BASKET)
    monkeypatch.setattr(reads, "invoke", invoke)
    monkeypatch.setattr(reads, "aliases", lambda *_: BASKET.aliases)
    return invoked
