"""The traffic of the alias that a deployment shifts, with the permissions of the group's service role.

Source: AWS CodeDeploy user guide, "Step 2: Create a service role for CodeDeploy", and the managed policy
AWSCodeDeployRoleForLambda.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from rehearsal.emulator.codedeploy.app_spec import AppSpec
from rehearsal.emulator.codedeploy.errors import DeploymentFailed
from rehearsal.emulator.codedeploy.store import Scope
from rehearsal.emulator.iam.service_sessions import Sessions
from rehearsal.emulator.ministack.port import cloudwatch, functions
from rehearsal.emulator.ministack.port.function_records import AliasRequest
from rehearsal.emulator.ministack.port.requests import request_scope
from rehearsal.engine.action_api import ActionError

SERVICE = "codedeploy.amazonaws.com"


def check_trust(role: str, region: str) -> None:
    """Raise ActionError where CodeDeploy may not assume a role. Older CDK versions trust the regional principal."""
    Sessions().check(role, SERVICE, f"codedeploy.{region}.amazonaws.com")


@dataclass(frozen=True)
class AliasTraffic:
    """The alias of a deployment. role: the ARN of the group's service role."""

    scope: Scope
    spec: AppSpec
    role: str

    @property
    def arn(self) -> str:
        return f"{self._function_arn}:{self.spec.alias}"

    @property
    def _function_arn(self) -> str:
        """The ARN that policies for GetAlias and UpdateAlias are evaluated on.

        Source: Service authorization reference, "AWS Lambda".
        """
        return functions.join_arn(self.scope.region, self.scope.account, self.spec.function)

    def check(self, *, alarms: bool) -> None:
        """Raise DeploymentFailed unless the alias points to the current version only, and the target exists.

        alarms: whether the deployment watches any, which needs a permission of the role.
        """
        self._require("lambda:GetAlias", self._function_arn)
        if alarms:
            watched = f"arn:aws:cloudwatch:{self.scope.region}:{self.scope.account}:alarm:*"
            self._require("cloudwatch:DescribeAlarms", watched)
        with request_scope(*self.scope):
            alias = functions.alias_record(self.spec.function, self.spec.alias)
            target = functions.version_config(self.spec.function, self.spec.target)
        if alias is None or target is None:
            raise _invalid_configuration(
                f"There is no alias {self.arn}, or no version {self.spec.target} of its function."
            )
        if alias["FunctionVersion"] != self.spec.current or alias.get("RoutingConfig"):
            raise _invalid_configuration(
                "The Lambda function alias version does not match the current version in AppSpec file:"
                f" {alias['FunctionVersion']}, not {self.spec.current}."
            )

    def shift(self, percent: int) -> None:
        """Route a share of the traffic to the target version. Raises DeploymentFailed."""
        if percent >= 100:
            self._update(self.spec.target, {})
        else:
            self._update(self.spec.current, {self.spec.target: percent / 100})

    def restore(self) -> None:
        """Route all traffic to the current version again. Raises DeploymentFailed."""
        self._update(self.spec.current, {})

    def invoke_hook(self, function: str, event: dict[str, str]) -> None:
        """Invoke a hook's function and wait; its result is ignored. Raises DeploymentFailed."""
        local = functions.join_arn(self.scope.region, self.scope.account, function)
        arn = function if function.startswith("arn:") else local
        self._require("lambda:InvokeFunction", arn)
        with request_scope(*self.scope):
            exists = functions.invoke(arn, event)
        if not exists:
            raise DeploymentFailed("HOOK_EXECUTION_FAILURE", f"The hook {arn} is not a function")

    def active_alarms(self, names: list[str]) -> list[str]:
        """Return which of these alarms are in ALARM."""
        with request_scope(*self.scope):
            alarms = {name: cloudwatch.find_alarm(name) for name in names}
        return [name for name, alarm in alarms.items() if alarm and alarm["StateValue"] == "ALARM"]

    def _update(self, version: str, weights: dict[str, float]) -> None:
        self._require("lambda:UpdateAlias", self._function_arn)
        change: AliasRequest = {
            "FunctionVersion": version,
            "RoutingConfig": {"AdditionalVersionWeights": weights},
        }
        with request_scope(*self.scope):
            status, _, body = functions.update_alias(self.spec.function, self.spec.alias, change)
        if status >= 400:
            raise _invalid_configuration(str(json.loads(body).get("message") or body))

    def _require(self, action: str, resource: str) -> None:
        try:
            check_trust(self.role, self.scope.region)
            Sessions().require(self.role, action, resource=resource)
        except ActionError as error:
            message = (
                f"The IAM role {self.role} does not give you permission to perform operations in the following AWS"
                f" service: {'AmazonCloudWatch' if action.startswith('cloudwatch') else 'AWSLambda'}. ({error})"
            )
            raise DeploymentFailed("IAM_ROLE_PERMISSIONS", message) from error


def _invalid_configuration(message: str) -> DeploymentFailed:
    return DeploymentFailed("INVALID_LAMBDA_CONFIGURATION", message)
