"""`AWS::ApiGatewayV2::Deployment` for MiniStack's CloudFormation: deployments of HTTP and WebSocket APIs.

Sources: AWS CloudFormation template reference, "AWS::ApiGatewayV2::Deployment"; the errors of an API without routes
are quoted in github.com/aws/serverless-application-model issue 2512 and
github.com/mach-composer/mach-composer-cli issue 42.
"""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.emulator.cloudformation.resource_record import ResourceRecord
from rehearsal.emulator.ministack.port import apigateway, cloudformation
from rehearsal.emulator.ministack.port.cloudformation import ProvisionedResource
from rehearsal.workspace.resource_notes import API_DEPLOYMENT

Properties = Mapping[str, str]

_WITHOUT_ROUTES = {
    "HTTP": "Unable to deploy API because no routes exist in this API",
    "WEBSOCKET": "At least one route is required before deploying the Api",
}


class ApiDeployments:
    """Creates deployments, and records each in `record`: an API serves its present routes, whatever is deployed."""

    def __init__(self, record: ResourceRecord) -> None:
        self._record = record

    def register(self) -> None:
        handlers = cloudformation.resource_handlers(self._create, self._update, _delete, update_with_logical_id=True)
        cloudformation.register_resource_type(API_DEPLOYMENT, handlers)

    def _create(self, logical_id: str, properties: Properties, stack: str) -> ProvisionedResource:
        self._record.add(API_DEPLOYMENT, logical_id, stack)
        api_id = properties["ApiId"]
        if not apigateway.has_routes(api_id):
            raise ValueError(_WITHOUT_ROUTES[str(apigateway.api_record(api_id)["protocolType"])])
        return _with_stage(apigateway.create_deployment(api_id, properties.get("Description", "")), properties)

    def _update(
        self, deployment_id: str, old: Properties, new: Properties, stack: str, logical_id: str
    ) -> ProvisionedResource:
        if old["ApiId"] != new["ApiId"]:
            return self._create(logical_id, new, stack)
        return _with_stage(deployment_id, new)


def _with_stage(deployment_id: str, properties: Properties) -> ProvisionedResource:
    """The resource, after the stage that it names serves the deployment."""
    if stage := properties.get("StageName"):
        apigateway.set_stage_deployment(properties["ApiId"], stage, deployment_id)
    return deployment_id, {"DeploymentId": deployment_id}


def _delete(deployment_id: str, properties: Properties) -> None:
    apigateway.delete_deployment(properties["ApiId"], deployment_id)
