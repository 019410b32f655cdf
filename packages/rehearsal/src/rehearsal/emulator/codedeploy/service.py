"""CodeDeploy in all accounts: its records, and its running deployments."""

from __future__ import annotations

import hashlib
import secrets
import string
import time

from rehearsal.emulator.codedeploy.alias_traffic import AliasTraffic, check_trust
from rehearsal.emulator.codedeploy.app_spec import AppSpec
from rehearsal.emulator.codedeploy.deployment import ENDED, Deployment
from rehearsal.emulator.codedeploy.errors import CodeDeployError
from rehearsal.emulator.codedeploy.store import ErrorInformation, Record, Scope, Store
from rehearsal.engine.action_api import ActionError
from rehearsal.workspace.clock import Clock

MOST_ALARMS = 10
LAMBDA = "Lambda"
END_SECONDS = 10.0


class CodeDeploy:
    """Creates and stops deployments."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self._clock = store, clock
        self.running: dict[str, Deployment] = {}

    def check_group(self, scope: Scope, group: Record) -> None:
        """Raise CodeDeployError for a role, a configuration or alarms that CodeDeploy would refuse."""
        application = self.store.application(scope, group["applicationName"])
        if application["computePlatform"] != LAMBDA:
            return
        self.store.traffic_config(scope, group["deploymentConfigName"])
        alarms = (group.get("alarmConfiguration") or {}).get("alarms") or []
        if len(alarms) > MOST_ALARMS:
            message = f"AlarmConfiguration: got {len(alarms)} alarms; {MOST_ALARMS} at most are allowed"
            raise CodeDeployError("AlarmsLimitExceededException", message)
        try:
            check_trust(group["serviceRoleArn"], scope.region)
        except ActionError as error:
            message = f"AWS CodeDeploy does not have the permissions required to assume the role: {error}"
            raise CodeDeployError("InvalidRoleException", message) from error

    def create_deployment(
        self, scope: Scope, group: Record, spec: AppSpec, *, creator: str, config: str = "", description: str = ""
    ) -> Deployment:
        """Start a deployment. Raises CodeDeployError."""
        application = self.store.application(scope, group["applicationName"])
        if application["computePlatform"] != LAMBDA:
            message = f"deployments to {application['computePlatform']} are not rehearsed; {LAMBDA} is"
            raise CodeDeployError("UnsupportedActionForDeploymentTypeException", message)
        self._refuse_conflict(scope, group)
        content = spec.content()
        record: Record = {
            "applicationName": group["applicationName"],
            "deploymentGroupName": group["deploymentGroupName"],
            "deploymentConfigName": config or group["deploymentConfigName"],
            "deploymentId": f"d-{''.join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(9))}",
            "revision": {
                "revisionType": "AppSpecContent",
                "appSpecContent": {"content": content, "sha256": hashlib.sha256(content.encode()).hexdigest()},
            },
            "status": "Created",
            "percent": 0,
            "createTime": time.time(),
            "creator": creator,
            "description": description,
            "computePlatform": LAMBDA,
        }
        traffic = AliasTraffic(scope, spec, group["serviceRoleArn"])
        deployment = Deployment(self.store, self._clock, record, group, traffic)
        self.store.put(scope, "deployments", record["deploymentId"], record)
        self.running[record["deploymentId"]] = deployment
        deployment.start()
        return deployment

    def end_interrupted(self) -> None:
        """Record running deployments of an earlier process as failed; it has rolled their aliases back at its end."""
        for record in self.store.every("deployments"):
            if record["status"] not in ENDED:
                error: ErrorInformation = {"code": "INTERNAL_ERROR", "message": "The embedded AWS ended while it ran."}
                self.store.change(record, status="Failed", completeTime=time.time(), errorInformation=error)

    def close(self) -> None:
        """Stop running deployments and roll them back, so that every alias has one version when the state is saved."""
        active = [deployment for deployment in self.running.values() if not deployment.ended.is_set()]
        for deployment in active:
            deployment.stop(roll_back=True)
        for deployment in active:
            deployment.ended.wait(END_SECONDS)

    def _refuse_conflict(self, scope: Scope, group: Record) -> None:
        name = (group["applicationName"], group["deploymentGroupName"])
        for other in self.store.all(scope, "deployments").values():
            if (other["applicationName"], other["deploymentGroupName"]) == name and other["status"] not in ENDED:
                message = f"The Deployment Group '{name[1]}' already has an active Deployment '{other['deploymentId']}'"
                raise CodeDeployError("DeploymentLimitExceededException", message)
