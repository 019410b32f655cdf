"""Alarms on the errors of invocations through an alias."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk_delivery.compliance.accept import accept


def alias_errors(scope: Construct, id_: str, alias: lambda_.Alias, *, version: str | None = None) -> cloudwatch.Alarm:
    """Return an alarm for one error within a minute. version: count the invocations of this version only.

    The dimension Resource selects the invocations of an alias, and ExecutedVersion those of one of its versions.
    Source: AWS Lambda developer guide, "Types of metrics for Lambda functions".
    """
    function = alias.lambda_.function_name
    dimensions = {"FunctionName": function, "Resource": f"{function}:{alias.alias_name}"}
    if version:
        dimensions["ExecutedVersion"] = version
    metric = cloudwatch.Metric(
        namespace="AWS/Lambda",
        metric_name="Errors",
        statistic="Sum",
        period=Duration.minutes(1),
        dimensions_map=dimensions,
    )
    alarm = metric.create_alarm(
        scope,
        id_,
        threshold=1,
        evaluation_periods=1,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    accept(
        alarm,
        "NIST.800.53.R5-CloudWatchAlarmAction",
        because="a deployment or a stage condition reads its state, and reports why it rolled back",
        see="AWS CodeDeploy user guide, Monitoring deployments with CloudWatch alarms in CodeDeploy",
    )
    return alarm
