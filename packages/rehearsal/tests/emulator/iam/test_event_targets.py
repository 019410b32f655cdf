"""EventBridge starts a pipeline with the role of the rule's target."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ministack import app
from ministack.services import eventbridge, sts

from rehearsal.emulator.eventbridge.pipeline_targets import SERVICE, PipelineTargets
from rehearsal.emulator.iam.service_sessions import Sessions
from rehearsal.emulator.ministack.corrections import permissions, services
from rehearsal.emulator.ministack.patches import correct
from rehearsal.engine.action_api import ActionError
from tests.emulator.conftest import Service, pipeline
from tests.emulator.iam.principals import allow, make_role, trusting
from tests.engine.conftest import KEY

RULE = "arn:aws:events:eu-west-1:111111111111:rule/pushes"


@pytest.fixture(autouse=True)
def _enforced(as_it_comes: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(app, "AUTH", True)
    yield
    sts._sessions.clear()


def test_a_rule_starts_a_pipeline_with_the_targets_role(service: Service) -> None:
    """The target's role must trust EventBridge and allow the start of this pipeline."""
    service.create(pipeline())
    targets = PipelineTargets(service.api, Sessions())

    def start(role: str) -> str:
        return targets.start({"Arn": KEY.arn, "RoleArn": role}, RULE, None)

    may = allow("codepipeline:StartPipelineExecution", resource=KEY.arn)
    with pytest.raises(ActionError, match=r"events.amazonaws.com may not assume .*role/stranger"):
        start(make_role("stranger", may, trust=trusting(Service="codepipeline.amazonaws.com")))
    other = allow("codepipeline:StartPipelineExecution", resource=f"{KEY.arn}-other")
    with pytest.raises(ActionError, match="codepipeline:StartPipelineExecution"):
        start(make_role("elsewhere", other, trust=trusting(Service=SERVICE)))
    assert start(make_role("pushes", may, trust=trusting(Service=SERVICE))) == service.latest.id
    assert service.latest.origin.trigger == {"triggerType": "CloudWatchEvent", "triggerDetail": RULE}


def test_a_pipeline_is_started_by_this_project(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    """The fault: MiniStack ignores the target. Corrected, the pipeline starts without a function's permission."""
    first = service.create(pipeline())
    may = allow("codepipeline:StartPipelineExecution", resource=KEY.arn)
    target = {"Arn": KEY.arn, "RoleArn": make_role("pushes", may, trust=trusting(Service=SERVICE))}
    event = {"Source": "tests", "DetailType": "any", "Detail": "{}"}

    def fire() -> None:
        eventbridge._invoke_target(target, event, {"Arn": RULE, "Name": "pushes"})

    fire()
    assert "unsupported target type" in caplog.text
    assert service.latest.id == first.id
    correct(
        permissions.RULE_INVOCATIONS,
        services.PIPELINE_TARGETS,
        owners=[PipelineTargets(service.api, Sessions())],
    )
    fire()
    assert service.latest.id != first.id
