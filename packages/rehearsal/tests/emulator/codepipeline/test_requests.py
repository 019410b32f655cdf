"""Validation of requests, and redaction of tokens in responses."""

from __future__ import annotations

import re
from typing import Any

import pytest

from rehearsal.emulator.codepipeline.model_constraints import model, violations
from rehearsal.emulator.server.api_error import ApiError
from rehearsal.engine.action_api import Outcome, Revision, Task
from tests.emulator.codepipeline.requests import NAME, NOBODY, answer
from tests.emulator.conftest import Service, pipeline
from tests.engine.conftest import KEY

SIDEWAYS = {"transitionType": "Sideways"}

WRONG: list[tuple[str, str, dict[str, Any]]] = [
    ("executionMode: got BOGUS", "CreatePipeline", {"pipeline": pipeline(executionMode="BOGUS")}),
    ("pipelineType: got V9", "CreatePipeline", {"pipeline": {**pipeline(), "pipelineType": "V9"}}),
    ("name: got a b/c", "CreatePipeline", {"pipeline": {**pipeline(), "name": "a b/c"}}),
    ("name: got 101 characters; 100", "CreatePipeline", {"pipeline": {**pipeline(), "name": "a" * 101}}),
    ("retryMode: got BOGUS", "RetryStageExecution", {**NAME, "stageName": "Two", "retryMode": "BOGUS"}),
    (
        "transitionType: got Sideways",
        "EnableStageTransition",
        {**NAME, "stageName": "Two", **SIDEWAYS},
    ),
    ("result.status: got Maybe", "PutApprovalResult", {}),
    ("stageName: got Bad Stage !", "RollbackStage", {**NAME, "stageName": "Bad Stage !"}),
    ("maxResults: got 100000; 1000", "ListPipelines", {"maxResults": 100_000}),
]


def test_the_value_of_an_actions_configuration_has_50000_characters_at_most(service: Service) -> None:
    """A configuration value may have 50,000 characters, as in the service; AWS's model says 1,000."""
    for size, refused in ((50_000, False), (50_001, True)):
        definition = pipeline()
        definition["stages"][1]["actions"][0]["configuration"] = {"EnvironmentVariables": "x" * size}
        found = list(violations(model().shape_for("CreatePipelineInput"), {"pipeline": definition}, ""))
        words = f"configuration.EnvironmentVariables: got {size} characters; 50000 at most are allowed"
        assert any(words in violation for violation in found) == refused, found
    with pytest.raises(ApiError, match="50001 characters; 50000 at most"):
        service.call("CreatePipeline", pipeline=definition)


@pytest.mark.parametrize(("words", "operation", "request_"), WRONG, ids=[case[0] for case in WRONG])
def test_a_value_that_aws_does_not_allow_is_refused(
    service: Service, words: str, operation: str, request_: dict[str, Any]
) -> None:
    """A value outside AWS's enumerations, patterns and sizes is rejected; the message says what is allowed."""
    ids = {"pipelineExecutionId": NOBODY} if operation == "RetryStageExecution" else {}
    ids |= {"targetPipelineExecutionId": NOBODY} if operation == "RollbackStage" else {}
    asked = answer(NOBODY, "Maybe") if operation == "PutApprovalResult" else {**request_, **ids}
    service.create(pipeline())
    with pytest.raises(ApiError, match=re.escape(words)) as refused:
        service.call(operation, **asked)
    assert refused.value.code == "ValidationException"


def test_a_token_of_github_is_never_shown(service: Service) -> None:
    """A GitHub token appears neither in the stored definition nor in any response."""
    definition = pipeline()
    definition["stages"][0]["actions"][0]["configuration"] = {"OAuthToken": "a-secret", "Branch": "main"}
    assert "a-secret" not in str(service.call("CreatePipeline", pipeline=definition))
    service.stage.wait()
    shown = service.call("GetPipeline", name=KEY.name)["pipeline"]
    assert shown["stages"][0]["actions"][0]["configuration"] == {"OAuthToken": "****", "Branch": "main"}
    assert "a-secret" not in str(service.call("UpdatePipeline", pipeline=definition))
    assert "a-secret" not in str(service.call("ListActionExecutions", **NAME))


def test_a_start_that_is_sent_twice_starts_once(service: Service) -> None:
    """A start with the same clientRequestToken returns the same execution."""
    service.create(pipeline())
    first = service.start(clientRequestToken="one")
    assert service.start(clientRequestToken="one") == first
    assert service.start(clientRequestToken="two") != first


@pytest.mark.parametrize(
    ("provider", "kind", "words"),
    [
        ("CodeCommit", "IMAGE_DIGEST", "revisionType: got IMAGE_DIGEST; allowed is COMMIT_ID"),
        ("S3", "COMMIT_ID", "allowed is S3_OBJECT_KEY, S3_OBJECT_VERSION_ID"),
        ("S3", "S3_OBJECT_KEY", "its AllowOverrideForS3ObjectKey is not true"),
    ],
)
def test_a_revision_that_its_source_does_not_take_is_refused(
    service: Service, provider: str, kind: str, words: str
) -> None:
    """A revision type that the source's provider does not support is rejected."""
    definition = pipeline()
    definition["stages"][0]["actions"][0]["actionTypeId"]["provider"] = provider
    service.create(definition)
    wanted = {"actionName": "source", "revisionType": kind, "revisionValue": "x"}
    with pytest.raises(ApiError, match=words):
        service.start(sourceRevisions=[wanted])


def test_the_state_tells_what_a_source_has_brought(service: Service) -> None:
    """GetPipelineState has the source's currentRevision."""

    def brings(task: Task) -> Outcome:
        return Outcome(False, "brought", revision=Revision(task.action.name, "abc"))

    service.stage.played.parts["source"] = brings
    service.create(pipeline())
    (action,) = service.stage_state("One")["actionStates"]
    assert action["currentRevision"]["revisionId"] == "abc"
    assert "currentRevision" not in service.stage_state("Two")["actionStates"][0]
