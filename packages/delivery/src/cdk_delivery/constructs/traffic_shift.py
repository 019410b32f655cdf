"""CodeDeploy moves the traffic of a stack's aliases to new versions step by step, and back on failures.

CloudFormation shifts during the update of the stack, so the pipeline needs no further action. It shifts nothing when an
alias is created, nor for an alias whose function has not changed.
Source: AWS CloudFormation user guide, "UpdatePolicy attribute".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import CustomResource, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk_delivery.compliance.accept import accept
from cdk_delivery.constructs.alias_errors import alias_errors
from cdk_delivery.constructs.traffic_checker import TrafficChecker
from cdk_delivery.settings.traffic import Traffic

# CodeDeploy calls Lambda's API a few times for each step of each function. Lambda takes 15 requests per second of an
# account and region, which cannot be raised (AWS Lambda developer guide, "Lambda quotas"). Where the service role goes
# over that, deployments fail (govuk-one-login/authentication-api pull request 6806). Ten is not verified on AWS.
CONCURRENT_SHIFTS = 10
_ROLL_BACK = codedeploy.AutoRollbackConfig(failed_deployment=True, stopped_deployment=True, deployment_in_alarm=True)


class TrafficShift(Construct):
    """A deployment group for each alias of a stack.

    checks: construct path of an alias, relative to the stack -> the event that checks its new version. released: when
    the release was built, in milliseconds; an older release than the deployed one gets all traffic immediately.
    """

    def __init__(
        self,
        stack: Stack,
        id_: str,
        *,
        aliases: Mapping[str, lambda_.Alias],
        traffic: Traffic,
        checks: Mapping[str, object],
        runtime: lambda_.Runtime,
        released: int,
    ) -> None:
        super().__init__(stack, id_)
        self._traffic = traffic
        self._application = codedeploy.LambdaApplication(self, "Application")
        name = self._application.application_name
        self._checker = TrafficChecker(
            self, "Checker", aliases=aliases, checks=checks, application=name, runtime=runtime
        )
        self._config = self._pace(released)
        self._role = self._service_role(aliases)
        for path, alias in aliases.items():
            self._group(path, alias, checked=path in checks)
        _limit_concurrency(list(aliases.values()))

    def _pace(self, released: int) -> codedeploy.ILambdaDeploymentConfig:
        routing = codedeploy.TrafficRouting
        traffic_routing = routing.time_based_canary if self._traffic.type == "canary" else routing.time_based_linear
        steps = codedeploy.LambdaDeploymentConfig(
            self,
            "Config",
            traffic_routing=traffic_routing(
                interval=Duration.minutes(self._traffic.minutes), percentage=self._traffic.percent
            ),
        )
        pace = CustomResource(
            self,
            "Pace",
            resource_type="Custom::TrafficPace",
            service_token=self._checker.function.function_arn,
            service_timeout=Duration.minutes(5),
            properties={"Released": str(released), "Config": steps.deployment_config_name},
        )
        pace.node.add_dependency(self._checker.function)
        return codedeploy.LambdaDeploymentConfig.from_lambda_deployment_config_name(
            self, "Chosen", pace.get_att_string("Config")
        )

    def _service_role(self, aliases: Mapping[str, lambda_.Alias]) -> iam.Role:
        """Return CodeDeploy's role, with those permissions of AWS's managed policy that a shift needs.

        Source: AWS CodeDeploy user guide, "AWS managed policies for AWS CodeDeploy".
        """
        functions = [alias.lambda_.function_arn for alias in aliases.values()]
        # not the alias's own attribute: its update needs the group, and the group needs this role
        shifted = [f"{alias.lambda_.function_arn}:{alias.alias_name}" for alias in aliases.values()]
        statements = (
            ("Shift", ["lambda:GetAlias", "lambda:UpdateAlias"], functions),
            ("Concurrency", ["lambda:GetProvisionedConcurrencyConfig"], shifted),
            ("Watch", ["cloudwatch:DescribeAlarms"], ["*"]),
            ("Check", ["lambda:InvokeFunction"], [self._checker.function.function_arn]),
        )
        policy = iam.ManagedPolicy(
            self,
            "ServicePolicy",
            statements=[
                iam.PolicyStatement(sid=sid, actions=actions, resources=resources)
                for sid, actions, resources in statements
            ],
        )
        accept(
            policy,
            "AwsSolutions-IAM5[Resource::*]",
            because="alarms of any name can be watched, and only their states are read",
            see="Service authorization reference, Actions defined by Amazon CloudWatch",
        )
        return iam.Role(
            self,
            "ServiceRole",
            assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"),
            managed_policies=[policy],
        )

    def _group(self, path: str, alias: lambda_.Alias, *, checked: bool) -> None:
        id_ = path.replace("/", "")
        hook = self._checker.function if checked else None
        alarm = alias_errors(self, f"{id_}Errors", alias, version=alias.version.version)
        others = [cloudwatch.Alarm.from_alarm_name(self, f"{id_}{name}", name) for name in self._traffic.shift_alarms]
        group = codedeploy.LambdaDeploymentGroup(
            self,
            f"{id_}Group",
            application=self._application,
            alias=alias,
            deployment_config=self._config,
            role=self._role.without_policy_updates(),
            alarms=[alarm, *others],
            auto_rollback=_ROLL_BACK,
            pre_hook=hook,
            post_hook=hook,
        )
        group.node.add_dependency(self._role)


def _limit_concurrency(aliases: Sequence[lambda_.Alias]) -> None:
    """Let CloudFormation update an alias when the one that is so many places before it has shifted."""
    for earlier, later in zip(aliases, aliases[CONCURRENT_SHIFTS:], strict=False):
        later.node.add_dependency(earlier)
