"""APIs under AWS's host names: ID.execute-api.REGION.amazonaws.com.

Source: Amazon API Gateway developer guide, "Invoke REST APIs in API Gateway"; CloudFormation, "AWS::ApiGatewayV2::Api".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from rehearsal.emulator.ministack.port.apigateway import api_record
from rehearsal.emulator.ministack.port.cloudformation import ProvisionedResource
from rehearsal.emulator.ministack.port.requests import get_region

# API id, stage and path
ApiRequest = tuple[str, str, str]
Parse = Callable[[str, str], ApiRequest | None]
Owners = Callable[[], Iterable[tuple[str, str, str]]]
Find = Callable[[str], tuple[str, str] | None]
Create = Callable[[str, Mapping[str, object], str], ProvisionedResource]

_AWS_HOST = re.compile(r"([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?::\d+)?", re.IGNORECASE)


def parse_aws_hosts(parse: Parse) -> Parse:
    """Return a parser of requests to APIs that knows AWS's host names as well."""

    def parse_request(host: str, path: str) -> ApiRequest | None:
        found = _AWS_HOST.fullmatch(host)
        return parse("", f"/_aws/execute-api/{found[1].lower()}{path}") if found else parse(host, path)

    return parse_request


def name_endpoint(create: Create) -> Create:
    """Return a create handler whose APIs have AWS's host name as their endpoint."""

    def create_api(logical_id: str, properties: Mapping[str, object], stack: str) -> ProvisionedResource:
        api_id, attributes = create(logical_id, properties, stack)
        record = api_record(api_id)
        scheme = "wss" if record["protocolType"] == "WEBSOCKET" else "https"
        endpoint = f"{scheme}://{api_id}.execute-api.{get_region()}.amazonaws.com"
        record["apiEndpoint"] = endpoint
        return api_id, {**attributes, "ApiEndpoint": endpoint}

    return create_api


def find_in_any_account(owners: Owners) -> Callable[[Find], Find]:
    """Return the replacement of the look-up of an API's account and region: its id names it, whoever calls it."""

    def find(api_id: str) -> tuple[str, str] | None:
        return next(((account, region) for account, region, known in list(owners()) if known == api_id), None)

    return lambda _: find
