"""Notifications: of failures, successes and shifts by events of the pipeline, of approvals by the approval action."""

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby

from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from cdk_delivery.compliance.accept import accept
from cdk_delivery.constructs.deploy_actions import deploy_actions
from cdk_delivery.constructs.notifier import Notifier
from cdk_delivery.settings.model import Delivery
from cdk_delivery.settings.traffic import Traffic


class Notifications(Construct):
    """The topic of all notices, encrypted with `key`, with the subscribers of the settings. `watch` adds the events."""

    def __init__[OptionsT](
        self, scope: Construct, id_: str, *, key: kms.Key, delivery: Delivery[OptionsT], runtime: lambda_.Runtime
    ) -> None:
        super().__init__(scope, id_)
        self._delivery = delivery
        self.topic = sns.Topic(self, "Topic", master_key=key, enforce_ssl=True)
        self._notifier = Notifier(self, "Notifier", pipeline=delivery.name, runtime=runtime, topic=self.topic, key=key)
        subscribers: list[sns.ITopicSubscription] = [
            subscriptions.EmailSubscription(email) for email in delivery.notify.emails
        ]
        subscribers += [subscriptions.UrlSubscription(endpoint) for endpoint in delivery.notify.endpoints]
        for subscription in subscribers:
            accept(
                self.topic.add_subscription(subscription),
                "Serverless-SNSRedrivePolicy",
                because="an undelivered notice is not a loss of data: the pipeline's history has every execution",
                see="AWS CodePipeline user guide, View pipelines and details",
            )

    def watch(
        self, pipeline: codepipeline.Pipeline, *, shifts: Mapping[str, Traffic], rolled_back: Collection[str]
    ) -> None:
        """Notify of failed actions, succeeded executions, shifts of traffic, and failed stages that are rolled back.

        shifts: by the name of the stack. Source: AWS CodePipeline user guide, "Monitoring CodePipeline events".
        """
        self._notify(pipeline, "Failed", "Action", {"state": ["FAILED"]})
        self._notify(pipeline, "Succeeded", "Pipeline", {"state": ["SUCCEEDED"]})
        if rolled_back:
            self._notify(pipeline, "StageFailed", "Stage", {"state": ["FAILED"], "stage": list(rolled_back)})
        plans = dict[str, str]()
        for stage, actions in groupby(deploy_actions(pipeline), key=lambda action: action.stage):
            shifting = [action for action in actions if action.stack in shifts]
            plans |= {f"{stage}/{action.name}": shifts[action.stack].plan for action in shifting}
            if shifting:
                which = {"stage": [stage], "action": [action.name for action in shifting]}
                self._notify(pipeline, f"{stage}Shift", "Action", {"state": ["STARTED", "SUCCEEDED"], **which})
        self._notifier.describe_traffic(plans)

    def _notify(
        self, pipeline: codepipeline.IPipeline, id_: str, kind: str, detail: Mapping[str, Sequence[str]]
    ) -> None:
        pattern = events.EventPattern(
            source=["aws.codepipeline"],
            detail_type=[f"CodePipeline {kind} Execution State Change"],
            resources=[pipeline.pipeline_arn],
            detail=dict(detail),
        )
        accept(
            events.Rule(self, id_, event_pattern=pattern, targets=[targets.LambdaFunction(self._notifier.function)]),
            "Serverless-EventBusDLQ",
            because="EventBridge retries for a day; a notice that is a day late has no use",
            see="Amazon EventBridge user guide, How EventBridge retries delivering events",
        )

    @property
    def link(self) -> str:
        """The URL of the pipeline in AWS's console, where an approval is answered."""
        region = self._delivery.region
        console = f"https://{region}.console.aws.amazon.com/codesuite/codepipeline/pipelines"
        return f"{console}/{self._delivery.name}/view?region={region}"
