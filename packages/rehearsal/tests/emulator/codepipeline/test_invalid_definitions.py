"""Definitions that the CodePipeline API rejects."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.conftest import Service, approval, pipeline, source, step
from tests.engine.conftest import KEY, declaration


def test_an_incomplete_definition_is_rejected(service: Service) -> None:
    """An incomplete definition is rejected with AWS's error code, and creates nothing."""
    service.create(pipeline())
    assert service.refused("CreatePipeline", pipeline=pipeline()) == "PipelineNameInUseException"
    assert service.refused("CreatePipeline", pipeline={"name": "x"}) == "ValidationException"
    lonely = {**pipeline(), "name": "lonely", "stages": pipeline()["stages"][:1]}
    assert service.refused("CreatePipeline", pipeline=lonely) == "InvalidStructureException"
    assert service.refused("UpdatePipeline", pipeline=lonely) == "InvalidStructureException"
    assert [summary["name"] for summary in service.call("ListPipelines")["pipelines"]] == [KEY.name]
    assert service.refused("GetPipeline", name=KEY.name, version=7) == "PipelineVersionNotFoundException"


STRUCTURES: list[tuple[str, str, dict[str, Any]]] = [
    ("at least two stages", "InvalidStructureException", declaration([source()])),
    ("the first stage holds source actions", "InvalidStructureException", declaration([step("a")], [step("b")])),
    ("allowed in the first stage only", "InvalidStructureException", declaration([source()], [source()])),
    ("two actions are called a", "InvalidActionDeclarationException", declaration([source()], [step("a"), step("a")])),
    ("has no action", "InvalidStageDeclarationException", declaration([source()], [])),
    ("runOrder: got 1000", "ValidationException", pipeline(step("a", 1000))),
    (
        "no action before it makes the input artifact Lost",
        "InvalidActionDeclarationException",
        pipeline({**step("a"), "inputArtifacts": [{"name": "Lost"}]}),
    ),
    (
        "two actions make the artifact Code",
        "InvalidActionDeclarationException",
        pipeline({**step("a"), "outputArtifacts": [{"name": "Code"}]}),
    ),
    (
        "two actions have the namespace Source",
        "InvalidActionDeclarationException",
        pipeline({**step("a"), "namespace": "Source"}),
    ),
    ("no artifact store in us-east-1", "InvalidStructureException", pipeline({**step("a"), "region": "us-east-1"})),
    *(
        (words, "InvalidActionDeclarationException", pipeline({**step("a"), "namespace": name}))
        for words, name in (
            ("the namespace codepipeline is CodePipeline's own", "codepipeline"),
            ("the namespace variables is CodePipeline's own", "variables"),
            ("Code is the name of an artifact as well as a namespace", "Code"),
        )
    ),
    (
        "QUEUED needs pipelineType V2",
        "InvalidStructureException",
        pipeline(executionMode="QUEUED") | {"pipelineType": "V1"},
    ),
    (
        "variables need pipelineType V2",
        "InvalidStructureException",
        pipeline(variables=[{"name": "x"}]) | {"pipelineType": "V1"},
    ),
    (
        "timeoutInMinutes: got 90000",
        "ValidationException",
        pipeline({**approval(), "timeoutInMinutes": 90_000}),
    ),
]


@pytest.mark.parametrize(("words", "code", "definition"), STRUCTURES, ids=[structure[0] for structure in STRUCTURES])
def test_structures_that_codepipeline_refuses(
    service: Service, words: str, code: str, definition: dict[str, Any]
) -> None:
    """Each invalid structure is rejected with AWS's error code; the message says what is allowed."""
    with pytest.raises(Exception, match=words):
        service.call("CreatePipeline", pipeline=definition)
    assert service.refused("CreatePipeline", pipeline=definition) == code


def test_the_source_stage_rolls_nothing_back(service: Service) -> None:
    """A source stage with a rollback on failure is rejected."""
    definition = pipeline()
    definition["stages"][0]["onFailure"] = {"result": "ROLLBACK"}
    assert service.refused("CreatePipeline", pipeline=definition) == "InvalidStageDeclarationException"


def test_no_parallel_pipeline_rolls_back(service: Service) -> None:
    """A PARALLEL pipeline with a rollback on failure is rejected."""
    definition = pipeline(executionMode="PARALLEL")
    definition["stages"][1]["onFailure"] = {"result": "ROLLBACK"}
    assert service.refused("CreatePipeline", pipeline=definition) == "InvalidStructureException"
