"""Who hears what: failures and successes by events of the pipeline, approvals by the approval's own notice."""

from collections.abc import Mapping

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from compliance.accept import accept
from pipeline.settings import Delivery

_FIELD = events.EventField.from_path


class Notices(Construct):
    """`topic` carries every notice, encrypted with `key`, to whom the settings name; `of(pipeline)` starts them."""

    def __init__(self, scope: Construct, id_: str, *, key: kms.Key, delivery: Delivery) -> None:
        super().__init__(scope, id_)
        self._delivery, self._key = delivery, key
        self.topic = sns.Topic(self, "Topic", master_key=key, enforce_ssl=True)
        self._allow_events()
        told: list[sns.ITopicSubscription] = [subscriptions.EmailSubscription(each) for each in delivery.notify.emails]
        told += [subscriptions.UrlSubscription(each) for each in delivery.notify.endpoints]
        for subscription in told:
            accept(
                self.topic.add_subscription(subscription),
                "Serverless-SNSRedrivePolicy",
                because="a notice that reached nobody is no loss of data: the pipeline's history has all of them",
                see="AWS CodePipeline user guide, View pipelines and details",
            )

    def of(self, pipeline: codepipeline.IPipeline) -> None:
        """Tell of actions that fail, and of executions that succeed.

        Source: AWS CodePipeline user guide, "Monitoring CodePipeline events".
        """
        where = f"{self._delivery.name}: {_FIELD('$.detail.stage')}/{_FIELD('$.detail.action')}"
        failed = {"state": ["FAILED"]}
        self._rule("Failed", pipeline, "Action", failed, f"{where} failed")
        self._rule("Succeeded", pipeline, "Pipeline", {"state": ["SUCCEEDED"]}, f"{self._delivery.name} succeeded")

    @property
    def link(self) -> str:
        """The console's page of the pipeline, where an approval is answered."""
        return self._page("view")

    def _page(self, of: str) -> str:
        region = self._delivery.region
        console = f"https://{region}.console.aws.amazon.com/codesuite/codepipeline/pipelines"
        return f"{console}/{self._delivery.name}/{of}?region={region}"

    def _rule(
        self, id_: str, pipeline: codepipeline.IPipeline, kind: str, detail: Mapping[str, list[str]], says: str
    ) -> None:
        pattern = events.EventPattern(
            source=["aws.codepipeline"],
            detail_type=[f"CodePipeline {kind} Execution State Change"],
            resources=[pipeline.pipeline_arn],
            detail=dict(detail),
        )
        execution = _FIELD("$.detail.execution-id")
        page = self._page(f"executions/{execution}/timeline")
        # no event but the source action's own knows the revision; the execution's page does
        notice = f"{says}: execution {execution} at {_FIELD('$.time')}. Its revision and its log: {page}"
        text = events.RuleTargetInput.from_text(notice)
        rule = events.Rule(self, id_, event_pattern=pattern, targets=[targets.SnsTopic(self.topic, message=text)])
        accept(
            rule,
            "Serverless-EventBusDLQ",
            because="EventBridge tries for a day; a notice that came later than that would help nobody",
            see="Amazon EventBridge user guide, How EventBridge retries delivering events",
        )

    def _allow_events(self) -> None:
        """Source: Amazon SNS developer guide, "Enable compatibility between event sources and encrypted topics"."""
        stack = Stack.of(self)
        rules = stack.format_arn(
            service="events", resource="rule", resource_name="*", arn_format=ArnFormat.SLASH_RESOURCE_NAME
        )
        self._key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Notices",
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": stack.account}, "ArnLike": {"aws:SourceArn": rules}},
            )
        )
