"""The bake time of an environment: some minutes after its tests in which an alarm rolls the stage back.

The alarm is not in a deployment group: in the state ALARM it would block the rollback and the next release.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk_delivery.compliance.accept import accept
from cdk_delivery.constructs.alias_errors import alias_errors
from cdk_delivery.settings.traffic import Traffic


class BakeTime(Construct):
    """A composite alarm of the errors of all aliases and the alarms of the settings, and the role that reads its state.

    pipeline: the ARN pattern of the pipeline's roles, which may assume that role.
    """

    def __init__(
        self, stack: Stack, id_: str, *, aliases: Mapping[str, lambda_.Alias], traffic: Traffic, pipeline: str
    ) -> None:
        super().__init__(stack, id_)
        self._stack, self._minutes = stack, traffic.bake_minutes
        self._name = f"{stack.stack_name}-{stack.region}-bake"
        errors = [alias_errors(self, f"{path.replace('/', '')}Errors", alias) for path, alias in aliases.items()]
        others = [cloudwatch.Alarm.from_alarm_name(self, name, name) for name in traffic.alarms]
        alarm = cloudwatch.CompositeAlarm(
            self,
            "Alarm",
            composite_alarm_name=self._name,
            alarm_description="rolls the stage back while the pipeline waits for the bake time",
            alarm_rule=cloudwatch.AlarmRule.any_of(
                *(cloudwatch.AlarmRule.from_alarm(alarm, cloudwatch.AlarmState.ALARM) for alarm in [*errors, *others])
            ),
        )
        alarm.node.add_dependency(*errors)
        self._reader(pipeline)

    def _reader(self, pipeline: str) -> None:
        account = pipeline.split(":")[4]
        trusted = iam.AccountPrincipal(account).with_conditions({"ArnLike": {"aws:PrincipalArn": pipeline}})
        look = iam.PolicyStatement(sid="Look", actions=["cloudwatch:DescribeAlarms"], resources=["*"])
        policy = iam.ManagedPolicy(self, "Policy", statements=[look])
        accept(
            policy,
            "AwsSolutions-IAM5[Resource::*]",
            because="only the states of alarms are read",
            see="Service authorization reference, Actions defined by Amazon CloudWatch",
        )
        iam.Role(self, "Role", role_name=self._name, assumed_by=trusted, managed_policies=[policy])

    @property
    def role_arn(self) -> str:
        """The ARN of the role as text, without a reference between stacks."""
        return f"arn:aws:iam::{self._stack.account}:role/{self._name}"

    def rule(self, environment: str) -> Mapping[str, object]:
        """Return the rule of the stage's success condition. Source: AWS CodePipeline user guide, "CloudWatchAlarm"."""
        return {
            "Name": f"Bake{environment}",
            "RuleTypeId": {"Category": "Rule", "Owner": "AWS", "Provider": "CloudWatchAlarm", "Version": "1"},
            "Configuration": {"AlarmName": self._name, "AlarmStates": "ALARM", "WaitTime": str(self._minutes)},
            "Region": self._stack.region,
            "RoleArn": self.role_arn,
        }
