"""API Gateway's REST, HTTP and WebSocket APIs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ministack.services import apigateway, apigateway_v1
from ministack.services.cloudformation import provisioners


def api_record(api_id: str) -> dict[str, object]:
    """Return the record of an API of the request's account and region, which may be changed. Raises KeyError."""
    record: dict[str, object] = apigateway._apis[api_id]
    return record


def http_api_owners() -> Iterator[tuple[str, str, str]]:
    """Return account, region and id of every HTTP and WebSocket API."""
    return (owner for owner, _ in apigateway._apis.all_items())


def rest_api_owners() -> Iterator[tuple[str, str, str]]:
    """Return account, region and id of every REST API."""
    return (owner for owner, _ in apigateway_v1._rest_apis.all_items())


def has_routes(api_id: str) -> bool:
    """Return whether an HTTP or WebSocket API has a route."""
    return bool(apigateway._routes.get(api_id))


def create_deployment(api_id: str, description: str) -> str:
    """Create a deployment of an HTTP or WebSocket API, and return its id. Raises ValueError."""
    created = _result(apigateway._create_deployment(api_id, {"description": description}), "CreateDeployment")
    return str(created["deploymentId"])


def set_stage_deployment(api_id: str, stage: str, deployment_id: str) -> None:
    """Let a stage serve a deployment. Raises ValueError where there is no such stage."""
    _result(apigateway._update_stage(api_id, stage, {"deploymentId": deployment_id}), "UpdateStage")


def delete_deployment(api_id: str, deployment_id: str) -> None:
    """Delete a deployment; do nothing where the API does not exist any more."""
    apigateway._delete_deployment(api_id, deployment_id)


def _result(answer: object, operation: str) -> Mapping[str, object]:
    """The content of an answer. Raises ValueError for an error."""
    result: Mapping[str, object] = provisioners._apigw_v2_result(answer, operation)
    return result
