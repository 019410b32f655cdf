"""APIs with AWS's host names, ID.execute-api.REGION.amazonaws.com.

Source: Amazon API Gateway developer guide, "Invoke REST APIs in API Gateway"; CloudFormation, "AWS::ApiGatewayV2::Api".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from rehearsal.emulator.ministack.port.apigateway import api_record
from rehearsal.emulator.ministack.port.cloudformation import ProvisionedResource
from rehearsal.emulator.ministack.port.requests import get_region

# API id, stage, path.
ApiRequest = tuple[str, str, str]
Parse = Callable[[str, str], ApiRequest | None]
Owners = Callable[[], Iterable[tuple[str, str, str]]]
Find = Callable[[str], tuple[str, str] | None]
Create = Callable[[str, Mapping[str, object], str], ProvisionedResource]

_AWS_HOST = re.compile(r"([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?::\d+)?", re.IGNORECASE)


def parse_aws_hosts(parse: Parse) -> Parse:
    """Return the replacement of the function that parses requests to APIs; it also recognizes AWS's host names."""

    def parse_request(host: str, path: str) -> ApiRequest | None:
        aws_host = _AWS_HOST.fullmatch(host)
        return parse("", f"/_aws/execute-api/{aws_host[1].lower()}{path}") if aws_host else parse(host, path)

    return parse_request


def name_endpoint(create: Create) -> Create:
    """Return the replacement of the handler that creates an API; the endpoint has AWS's host name."""

    def create_api(logical_id: str, properties: Mapping[str, object], stack: str) -> ProvisionedResource:
        api_id, attributes = create(logical_id, properties, stack)
        record = api_record(api_id)
        scheme = "wss" if record["protocolType"] == "WEBSOCKET" else "https"
        endpoint = f"{scheme}://{api_id}.execute-api.{get_region()}.amazonaws.com"
        record["apiEndpoint"] = endpoint
        return api_id, {**attributes, "ApiEndpoint": endpoint}

    return create_api


def find_in_any_account(owners: Owners) -> Callable[[Find], Find]:
    """Return a decorator for the function that finds an API's account and region.

    The replacement finds the API by its id in all accounts, whoever the caller is.
    """

    def find(api_id: str) -> tuple[str, str] | None:
        return next(((account, region) for account, region, id_ in list(owners()) if id_ == api_id), None)

    return lambda _: find
