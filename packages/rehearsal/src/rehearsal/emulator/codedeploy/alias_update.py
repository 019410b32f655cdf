"""`UpdatePolicy.CodeDeployLambdaAliasUpdate`: CloudFormation updates the version of an alias through CodeDeploy.

Source: AWS CloudFormation user guide, "UpdatePolicy attribute", CodeDeployLambdaAliasUpdate policy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rehearsal.emulator.cloudformation.resource_handlers import Update
from rehearsal.emulator.codedeploy.app_spec import AFTER, BEFORE, AppSpec
from rehearsal.emulator.codedeploy.deployment import CLOUDFORMATION
from rehearsal.emulator.codedeploy.service import CodeDeploy
from rehearsal.emulator.codedeploy.store import Scope
from rehearsal.emulator.iam import stack_permissions
from rehearsal.emulator.ministack.port import cloudformation
from rehearsal.emulator.ministack.port.cloudformation import ProvisionedResource
from rehearsal.emulator.ministack.port.function_records import AliasProperties
from rehearsal.emulator.ministack.port.requests import get_account_id, get_region

ALIAS, POLICY = "AWS::Lambda::Alias", "CodeDeployLambdaAliasUpdate"
# The actions that CloudFormation calls for the policy. Source: the schema of AWS::Lambda::Alias, update handler.
ACTIONS = ("codedeploy:CreateDeployment", "codedeploy:GetDeployment", "codedeploy:GetDeploymentConfig")


class AliasUpdates:
    """Shifts the traffic of aliases with this policy when stacks update them."""

    def __init__(self, codedeploy: CodeDeploy) -> None:
        self._codedeploy = codedeploy

    def shift_traffic(self, update: Update) -> Update:
        """Return the replacement of the update handler of aliases; it deploys by CodeDeploy first."""

        def update_by_deployment(
            name: str, old: AliasProperties, new: AliasProperties, stack: str, logical_id: str = ""
        ) -> ProvisionedResource:
            policy = cloudformation.update_policy(stack, logical_id, POLICY) if _moves(old, new, stack) else None
            if policy:
                self._deploy(policy, old, new, stack)
            return update(name, old, new, stack, logical_id)

        return update_by_deployment

    def run_in_background(self, runs: Callable[[str], bool]) -> Callable[[str], bool]:
        """Return the replacement of the function that says which types run in a thread; it adds aliases, which wait."""

        def runs_on_thread(type_: str) -> bool:
            return type_ == ALIAS or runs(type_)

        return runs_on_thread

    def _deploy(self, policy: Mapping[str, object], old: AliasProperties, new: AliasProperties, stack: str) -> None:
        """Deploy and wait. Raises ValueError with the reason of a failure, and PermissionError without permission."""
        scope = Scope(get_account_id(), get_region())
        application, name = str(policy["ApplicationName"]), str(policy["DeploymentGroupName"])
        stack_permissions.require_actions(stack, ACTIONS, _group_arn(scope, application, name))
        group = self._codedeploy.store.group(scope, application, name)
        hooks = {BEFORE: policy.get(f"{BEFORE}Hook"), AFTER: policy.get(f"{AFTER}Hook")}
        spec = AppSpec(
            function=cloudformation.function_name(new["FunctionName"]),
            alias=str(new["Name"]),
            current=str(old["FunctionVersion"]),
            target=str(new["FunctionVersion"]),
            hooks={event: str(function) for event, function in hooks.items() if function},
        )
        deployment = self._codedeploy.create_deployment(scope, group, spec, creator=CLOUDFORMATION)
        deployment.ended.wait()
        if deployment.failure:
            raise ValueError(deployment.failure)


def _moves(old: AliasProperties, new: AliasProperties, stack: str) -> bool:
    """Return whether an update only gives an alias another version, and is not part of a rollback."""
    same = old.get("FunctionName") == new.get("FunctionName") and old.get("Name") == new.get("Name")
    status = str(cloudformation.stack_record(stack).get("StackStatus"))
    return same and old.get("FunctionVersion") != new.get("FunctionVersion") and "ROLLBACK" not in status


def _group_arn(scope: Scope, application: str, group: str) -> str:
    return f"arn:aws:codedeploy:{scope.region}:{scope.account}:deploymentgroup:{application}/{group}"
