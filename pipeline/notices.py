"""Who hears what: failures and successes by events of the pipeline, approvals by the approval's own notice."""

from collections.abc import Mapping

from aws_cdk import Stack
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
        self._role = self._publisher()
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
        target = targets.SnsTopic(self.topic, message=text, authorize_using_role=True, role=self._role)
        rule = events.Rule(self, id_, event_pattern=pattern, targets=[target])
        accept(
            rule,
            "Serverless-EventBusDLQ",
            because="EventBridge tries for a day; a notice that came later than that would help nobody",
            see="Amazon EventBridge user guide, How EventBridge retries delivering events",
        )

    def _publisher(self) -> iam.IRole:
        """EventBridge's role for the rules: without it, the topic would have to let EventBridge publish for anybody.

        Source: Amazon EventBridge user guide, "Using identity-based policies for Amazon EventBridge", targets' roles.
        """
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "events.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
            ),
        )
        statements = (
            ("Publish", ["sns:Publish"], self.topic.topic_arn),
            ("Encrypt", ["kms:Decrypt", "kms:GenerateDataKey"], self._key.key_arn),
        )
        policy = iam.ManagedPolicy(self, "Policy", roles=[role])
        for sid, actions, resource in statements:
            policy.add_statements(iam.PolicyStatement(sid=sid, actions=actions, resources=[resource]))
        return role.without_policy_updates()
