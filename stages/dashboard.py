"""The CloudWatch dashboard of the service."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct


class ServiceDashboard(Construct):
    """A dashboard with a row of alarms, then a row per function: invocations, failures and durations."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        functions: Mapping[str, lambda_.IFunction],
        alarms: Sequence[cloudwatch.IAlarm],
    ) -> None:
        super().__init__(scope, id_)
        board = cloudwatch.Dashboard(self, "Dashboard", default_interval=Duration.hours(3))
        board.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", width=24, height=3, alarms=list(alarms)))
        for name, function in functions.items():
            board.add_widgets(*_row(name, function))


def _row(name: str, function: lambda_.IFunction) -> list[cloudwatch.IWidget]:
    failures = [function.metric_errors(), function.metric_throttles()]
    durations = [function.metric_duration(statistic=statistic) for statistic in ("p50", "p99", "Maximum")]
    return [
        cloudwatch.GraphWidget(title=f"{name}: calls", width=8, left=[function.metric_invocations()]),
        cloudwatch.GraphWidget(title=f"{name}: failures", width=8, left=list(failures)),
        cloudwatch.GraphWidget(title=f"{name}: duration", width=8, left=list(durations)),
    ]
