"""The CodeDeploy API for Lambda, on the same endpoint as the rest of the embedded AWS.

Source: AWS CodeDeploy API reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from rehearsal import aws
from rehearsal.emulator.api_message import ApiMessage
from rehearsal.emulator.codedeploy.app_spec import parse_app_spec
from rehearsal.emulator.codedeploy.deployment import ENDED
from rehearsal.emulator.codedeploy.errors import CodeDeployError
from rehearsal.emulator.codedeploy.service import CodeDeploy
from rehearsal.emulator.codedeploy.store import Scope
from rehearsal.emulator.server.api_error import ApiError

TARGET = "CodeDeploy_20141006."


@cache
def model() -> ServiceModel:
    """Return botocore's model of CodeDeploy."""
    return aws.service_model("codedeploy")


class CodeDeployApi:
    """The API's operations, with inputs and outputs in the service's JSON."""

    def __init__(self, codedeploy: CodeDeploy) -> None:
        self._codedeploy, self._store = codedeploy, codedeploy.store
        self._operations: Mapping[str, Callable[[Scope, ApiMessage], ApiMessage]] = {
            "ContinueDeployment": self._continue_deployment,
            "CreateDeployment": self._create_deployment,
            "GetApplication": self._get_application,
            "GetDeployment": self._get_deployment,
            "GetDeploymentConfig": self._get_deployment_config,
            "GetDeploymentGroup": self._get_deployment_group,
            "GetDeploymentTarget": self._get_deployment_target,
            "ListDeployments": self._list_deployments,
            "PutLifecycleEventHookExecutionStatus": self._put_hook_status,
            "StopDeployment": self._stop_deployment,
        }

    def call(self, operation: str, request: ApiMessage, account: str, region: str) -> ApiMessage:
        """Return the operation's output. Raises ApiError."""
        if operation not in self._operations:
            known = ", ".join(self._operations)
            raise ApiError("UnknownOperationException", f"{operation} is not rehearsed; there are {known}")
        shape = model().operation_model(operation).input_shape
        if shape and (report := ParamValidator().validate(request, shape)).has_errors():
            raise ApiError("ValidationException", report.generate_report())
        try:
            return self._operations[operation](Scope(account, region), request)
        except CodeDeployError as error:
            raise ApiError(error.code, str(error)) from error

    def resource(self, request: ApiMessage, account: str, region: str) -> str:
        """Return the ARN that policies are evaluated on: a deployment group, an application or a configuration."""
        scope, names = Scope(account, region), dict(request)
        if id_ := request.get("deploymentId"):
            names |= self._store.all(scope, "deployments").get(str(id_), {})
        prefix, application = f"arn:aws:codedeploy:{region}:{account}", names.get("applicationName")
        if group := names.get("deploymentGroupName"):
            return f"{prefix}:deploymentgroup:{application}/{group}"
        if application:
            return f"{prefix}:application:{application}"
        config = names.get("deploymentConfigName")
        return f"{prefix}:deploymentconfig:{config}" if config else "*"

    def _create_deployment(self, scope: Scope, request: ApiMessage) -> ApiMessage:
        revision = request.get("revision") or {}
        content = (revision.get("appSpecContent") or revision.get("string") or {}).get("content")
        if not content:
            message = "revision: Lambda deployments are rehearsed with an appSpecContent, not with a file in S3"
            raise CodeDeployError("InvalidRevisionException", message)
        group = self._store.group(scope, request["applicationName"], request.get("deploymentGroupName", ""))
        config = request.get("deploymentConfigName", "")
        if config:
            self._store.traffic_config(scope, config)
        deployment = self._codedeploy.create_deployment(
            scope,
            group,
            parse_app_spec(content),
            creator="user",
            config=config,
            description=request.get("description", ""),
        )
        return {"deploymentId": deployment.record["deploymentId"]}

    def _get_deployment(self, scope: Scope, request: ApiMessage) -> ApiMessage:
        record = self._store.deployment(scope, request["deploymentId"])
        return {"deploymentInfo": {key: value for key, value in record.items() if key != "percent"}}

    def _list_deployments(self, scope: Scope, request: ApiMessage) -> ApiMessage:
        names = {key: request[key] for key in ("applicationName", "deploymentGroupName") if request.get(key)}
        if names and len(names) == 2:
            self._store.group(scope, names["applicationName"], names["deploymentGroupName"])
        statuses = request.get("includeOnlyStatuses") or ()
        newest_first = sorted(
            self._store.all(scope, "deployments").values(), key=lambda record: record["createTime"], reverse=True
        )
        return {
            "deployments": [
                record["deploymentId"]
                for record in newest_first
                if names.items() <= record.items() and (not statuses or record["status"] in statuses)
            ]
        }

    def _get_application(self, scope: Scope, request: ApiMessage) -> ApiMessage:
        return {"application": self._store.application(scope, request["applicationName"])}

    def _get_deployment_group(self, scope: Scope, request: ApiMessage) -> ApiMessage:
        group = self._store.group(scope, request["applicationName"], request["deploymentGroupName"])
        return {"deploymentGroupInfo": {**group, "computePlatform": "Lambda"}}

    def _get_deployment_config(self, scope: Scope, request: ApiMessage) -> ApiMessage:
        name = request["deploymentConfigName"]
        routing = self._store.traffic_config(scope, name).as_api()
        info = {"deploymentConfigName": name, "computePlatform": "Lambda", "trafficRoutingConfig": routing}
        return {"deploymentConfigInfo": info}

    def _get_deployment_target(self, scope: Scope, request: ApiMessage) -> ApiMessage:
        """The weight of the new version, while the deployment runs and after it."""
        record = self._store.deployment(scope, request.get("deploymentId", ""))
        spec = parse_app_spec(record["revision"]["appSpecContent"]["content"])
        target = {
            "deploymentId": record["deploymentId"],
            "targetId": f"{spec.function}:{spec.alias}",
            "status": {"Created": "Pending", "Stopped": "Failed"}.get(record["status"], record["status"]),
            "lambdaFunctionInfo": {
                "functionName": spec.function,
                "functionAlias": spec.alias,
                "currentVersion": spec.current,
                "targetVersion": spec.target,
                "targetVersionWeight": float(record["percent"]),
            },
        }
        return {"deploymentTarget": {"deploymentTargetType": "LambdaTarget", "lambdaTarget": target}}

    def _stop_deployment(self, scope: Scope, request: ApiMessage) -> ApiMessage:
        record = self._store.deployment(scope, request["deploymentId"])
        if record["status"] in ENDED:
            message = f"The deployment {record['deploymentId']} has already completed"
            raise CodeDeployError("DeploymentAlreadyCompletedException", message)
        self._codedeploy.running[record["deploymentId"]].stop(roll_back=bool(request.get("autoRollbackEnabled")))
        return {"status": "Pending", "statusMessage": "The deployment is being stopped"}

    def _continue_deployment(self, scope: Scope, request: ApiMessage) -> ApiMessage:
        self._store.deployment(scope, request.get("deploymentId", ""))
        message = "ContinueDeployment is for blue/green deployments to EC2 and ECS, not to Lambda"
        raise CodeDeployError("UnsupportedActionForDeploymentTypeException", message)

    def _put_hook_status(self, scope: Scope, request: ApiMessage) -> ApiMessage:
        record = self._store.deployment(scope, request.get("deploymentId", ""))
        status, id_ = str(request.get("status", "")), str(request.get("lifecycleEventHookExecutionId", ""))
        if status not in ("Succeeded", "Failed"):
            message = f"status: got {status or 'none'}; Succeeded and Failed are allowed"
            raise CodeDeployError("InvalidLifecycleEventHookExecutionStatusException", message)
        running = self._codedeploy.running.get(record["deploymentId"])
        if running is None or id_ not in running.hooks:
            message = f"The deployment has no hook execution {id_}"
            raise CodeDeployError("InvalidLifecycleEventHookExecutionIdException", message)
        if running.ended.is_set() or not running.answer_hook(id_, status):
            message = f"The hook execution {id_} has ended already"
            raise CodeDeployError("LifecycleEventAlreadyCompletedException", message)
        return {"lifecycleEventHookExecutionId": id_}
