"""The definitions that a team's stack needs, and the errors for wrong ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from aws_cdk import App, CfnOutput, Stack
from aws_cdk import Environment as Target
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template
from constructs import Construct

from cdk_delivery.constructs.approval import approval_comment, summary_length
from cdk_delivery.constructs.project_files import Project
from cdk_delivery.constructs.service_stage import ServiceStage, StageFactory
from cdk_delivery.constructs.test_role import IntegrationTestRoleNames
from cdk_delivery.delivery_stack import DeliveryStack
from cdk_delivery.settings.environment import Environment, Wave
from cdk_delivery.settings.model import Delivery
from tests.app.shop_options import ShopOptions
from tests.app.shop_pipeline import COMPARE, Settings, check
from tests.synthesis import actions

pytestmark = pytest.mark.slow


class TopicStage(ServiceStage):
    """A stage with a topic, which has no file to publish."""

    def __init__(self, scope: Construct, id_: str, *, env: Target, stack_name: str | None) -> None:
        super().__init__(scope, id_, env=env)
        stack = Stack(self, "Topics", stack_name=stack_name)
        topic = sns.Topic(stack, "Topic")
        self.outputs = {"TOPIC": CfnOutput(stack, "TopicArn", value=topic.topic_arn)}


def topics(*, suffix: str = "", stack_name: str | None = None) -> StageFactory[ShopOptions]:
    """Return a factory of a stage whose id ends with `suffix`, and whose stack may have an explicit name."""

    def make(
        scope: Construct, id_: str, environment: Environment[ShopOptions], tester: IntegrationTestRoleNames
    ) -> ServiceStage:
        target = Target(account=environment.account, region=environment.region)
        return TopicStage(scope, f"{id_}{suffix}", env=target, stack_name=stack_name)

    return make


Asks = Callable[[Wave[ShopOptions]], bool]
Make = Callable[..., Template]


@pytest.fixture
def made(context: Mapping[str, Any], project: Project) -> Make:
    """A function that returns a team's pipeline with `stage`, and an approval before the waves in `asks`."""

    def make(stage: StageFactory[ShopOptions], asks: Asks = lambda wave: wave.approval) -> Template:
        class Team(DeliveryStack[ShopOptions]):
            def build(self, delivery: Delivery[ShopOptions], project: Project) -> None:
                self.synth(project.buildspec)
                for wave in delivery.waves():
                    changes = [self.changes(environment, COMPARE) for environment in wave]
                    if asks(wave):
                        self.approve(wave, changes)
                    self.deploy(wave, changes, stage=stage, test=check)

        app = App(context=dict(context), analytics_reporting=False)
        settings = Settings.read(context["delivery"])
        return Template.from_stack(Team(app, "Pipeline", delivery=settings, project=project))

    return make


def test_a_service_without_files_needs_no_assets(made: Make) -> None:
    """Without files, CDK adds neither a stage nor a role that publish assets."""
    assert list(actions(made(topics()))) == ["Source", "Build", "UpdatePipeline", "Dev", "ApproveProd", "Prod"]


@pytest.mark.gate
@pytest.mark.parametrize(
    ("stage", "asks", "message"),
    [
        (topics(), lambda _: False, "the wave 'prod' needs an approval by cdk.json; call `approve` before `deploy`"),
        (topics(), lambda _: True, "the wave 'dev' needs no approval by cdk.json; set `approval` there"),
        (
            topics(suffix="Topics"),
            lambda wave: wave.approval,
            "Pipeline/DevTopics: the stage of 'dev' has to use the given scope and id",
        ),
        (
            topics(stack_name="Topics"),
            lambda wave: wave.approval,
            "Pipeline/Dev/Topics: got the name 'Topics'; it has to begin with 'Dev-'",
        ),
    ],
)
def test_a_stack_that_contradicts_its_settings_is_rejected(
    made: Make, stage: StageFactory[ShopOptions], asks: Asks, message: str
) -> None:
    """A missing approval, another scope or id, and a stack name without the stage's prefix are errors."""
    with pytest.raises(ValueError, match=re.escape(message)):
        made(stage, asks)


def test_a_stack_without_build_is_rejected(context: Mapping[str, Any], project: Project) -> None:
    """The error has the name of the class without `build`."""

    class Silent(DeliveryStack[ShopOptions]):
        pass

    app, settings = App(context=dict(context), analytics_reporting=False), Settings.read(context["delivery"])
    with pytest.raises(NotImplementedError, match="Silent has to say what a push goes through"):
        Silent(app, "Pipeline", delivery=settings, project=project)


def test_an_approval_refers_to_the_projects_page_if_there_is_one(context: Mapping[str, Any]) -> None:
    """Without a page, the summaries have more characters."""
    (_, wave) = Settings.read(context["delivery"]).waves()
    assert approval_comment(wave, ["1 changed"], page="pages/approvals.md") == (
        "Deploy to prod: 1 changed. All of it: changes.md of the builds before. Approve or reject: pages/approvals.md"
    )
    assert approval_comment(wave, ["1 changed"], page="").endswith(" before. Approve or reject")
    assert summary_length(wave, page="") - summary_length(wave, page="pages") == len(": pages")
