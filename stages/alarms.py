"""Alarms of the service, and the topic that publishes them."""

from collections.abc import Sequence

from aws_cdk import Annotations, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk_delivery.compliance.accept import accept
from stages.event_sources import MAX_RECEIVE_COUNT, visibility_seconds
from stages.service_options import ServiceOptions

PERIOD = Duration.minutes(1)


class Alarms(Construct):
    """The alarms, and the topic that notifies their subscribers. Each `watch_...` adds the alarms of one resource.

    emails: the subscribers if the options name none.
    """

    def __init__(
        self, scope: Construct, id_: str, *, key: kms.IKey, options: ServiceOptions, emails: Sequence[str] = ()
    ) -> None:
        super().__init__(scope, id_)
        self._options = options
        self.alarms: list[cloudwatch.Alarm] = []
        self.topic = sns.Topic(self, "Topic", master_key=key, enforce_ssl=True)
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Alarms",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        default_emails = emails if options.alarm_actions else ()
        self._subscribe([options.alarm_email] if options.alarm_email else default_emails)
        if not options.alarm_actions:
            accept(
                self,
                "NIST.800.53.R5-CloudWatchAlarmAction",
                because="the settings of this environment disable its actions; the dashboard shows its alarms",
                see="cdk.json environments[].service.alarm_actions; docs/service.md",
            )

    def _subscribe(self, emails: Sequence[str]) -> None:
        if self._options.alarm_actions and not emails:
            Annotations.of(self).add_warning_v2(
                "stages:AlarmsWithoutSubscriber",
                "alarms of this environment reach nobody: set `alarm_email` of its service or `notify.emails` of the"
                " delivery in cdk.json, or switch `alarm_actions` off",
            )
        for email in emails:
            accept(
                self.topic.add_subscription(subscriptions.EmailSubscription(email)),
                "Serverless-SNSRedrivePolicy",
                because="the dashboard and the alarm's history show an alarm whose notification was not delivered",
                see="Amazon CloudWatch user guide, Alarm history; stages/dashboard.py",
            )

    def watch_function(self, name: str, function: lambda_.IFunction) -> None:
        """Add alarms on errors, throttles, and a duration of 80% of the timeout or more."""
        slow_milliseconds = 800 * self._options.timeout_seconds  # 80%
        self._add(f"{name}Errors", function.metric_errors(period=PERIOD), 1, f"{name} failed")
        self._add(f"{name}Throttles", function.metric_throttles(period=PERIOD), 1, f"{name} was throttled")
        slowest = function.metric_duration(period=PERIOD, statistic="Maximum")
        self._add(f"{name}Duration", slowest, slow_milliseconds, f"{name} took 80% of its timeout or more")

    def watch_queue(self, name: str, queue: sqs.IQueue) -> None:
        """Add an alarm on messages that are older than all their receives together may take."""
        age = queue.metric_approximate_age_of_oldest_message(period=PERIOD)
        longest = visibility_seconds(self._options) * MAX_RECEIVE_COUNT
        self._add(f"{name}Age", age, longest, f"messages for {name} are not worked on")

    def watch_dead_letters(self, name: str, queue: sqs.IQueue) -> None:
        """Add an alarm on any message in the dead-letter queue."""
        waiting = queue.metric_approximate_number_of_messages_visible(period=PERIOD, statistic="Maximum")
        self._add(f"{name}DeadLetters", waiting, 1, f"{name} has dead letters; see docs/operate.md")

    def _add(self, id_: str, metric: cloudwatch.Metric, threshold: float, description: str) -> None:
        alarm = metric.create_alarm(
            self,
            id_,
            alarm_description=description,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            actions_enabled=self._options.alarm_actions,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        self.alarms.append(alarm)
