"""Lambda's rules for aliases: their versions exist, and two versions may share traffic.

Source: AWS Lambda developer guide, "Implement Lambda canary deployments using a weighted alias"; API reference,
AliasRoutingConfiguration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from rehearsal.emulator.cloudformation.resource_handlers import Create
from rehearsal.emulator.ministack.port import functions
from rehearsal.emulator.ministack.port.cloudformation import ProvisionedResource, function_name
from rehearsal.emulator.ministack.port.function_records import AliasProperties, AliasRecord, AliasRequest, RoutingConfig
from rehearsal.emulator.ministack.port.requests import Answer, error_response_json


def create_checked(create: Callable[[str, AliasRequest], Answer]) -> Callable[[str, AliasRequest], Answer]:
    """Return the replacement of CreateAlias, which checks the rules first."""

    def create_alias(name: str, data: AliasRequest) -> Answer:
        return _refusal(name, data, {}) or create(name, data)

    return create_alias


def update_checked(update: Callable[[str, str, AliasRequest], Answer]) -> Callable[[str, str, AliasRequest], Answer]:
    """Return the replacement of UpdateAlias, which checks the rules first."""

    def update_alias(name: str, alias: str, data: AliasRequest) -> Answer:
        return _refusal(name, data, functions.alias_record(name, alias) or {}) or update(name, alias, data)

    return update_alias


def provision_checked(provision: Create[AliasProperties]) -> Create[AliasProperties]:
    """Return the replacement of CloudFormation's create handler of aliases. It raises ValueError."""

    def provision_alias(logical_id: str, properties: AliasProperties, stack: str) -> ProvisionedResource:
        name = function_name(properties.get("FunctionName", ""))
        routing: RoutingConfig = {"AdditionalVersionWeights": functions.template_weights(properties)}
        for _, problem in _problems(name, str(properties.get("FunctionVersion", "")), routing):
            raise ValueError(problem)
        return provision(logical_id, properties, stack)

    return provision_alias


def _refusal(name: str, data: AliasRequest, alias: AliasRecord) -> Answer | None:
    """The error response, in MiniStack's form; None for a valid alias."""
    version = str(data.get("FunctionVersion") or alias.get("FunctionVersion") or "")
    routing = data["RoutingConfig"] if "RoutingConfig" in data else alias.get("RoutingConfig")
    for code, problem in _problems(name, version, routing or {}):
        return error_response_json(code, problem, 404 if code == "ResourceNotFoundException" else 400)
    return None


def _problems(name: str, version: str, routing: RoutingConfig) -> Iterator[tuple[str, str]]:
    """Yield (code, message) of each violation; MiniStack itself reports a function that does not exist."""
    if not functions.function_exists(name):
        return
    weights = routing.get("AdditionalVersionWeights") or {}
    for number in filter(None, (version, *weights)):
        if number != "$LATEST" and functions.version_config(name, number) is None:
            yield "ResourceNotFoundException", f"Function not found: {functions.function_arn(name)}:{number}"
            return
    for problem in _weight_problems(name, version, weights) if weights else ():
        yield "InvalidParameterValueException", problem


def _weight_problems(name: str, version: str, weights: Mapping[str, float]) -> Iterator[str]:
    if len(weights) > 1:
        yield f"An alias points to at most two versions, but the routing configuration names {len(weights)} more"
    for additional, weight in weights.items():
        if not 0 <= float(weight) <= 1:
            yield f"The weight of version {additional} is {weight}; it must be between 0.0 and 1.0"
        if "$LATEST" in (version, additional):
            yield "$LATEST is not supported for an alias pointing to more than 1 version"
            return
        if additional == version:
            yield f"The routing configuration names version {version}, which the alias points to already"
        yield from _difference(name, version, additional)


def _difference(name: str, version: str, additional: str) -> Iterator[str]:
    first, second = (functions.version_config(name, number) or {} for number in (version, additional))
    if first.get("Role") != second.get("Role"):
        yield "The versions of an alias must have the same execution role"
    if first.get("DeadLetterConfig") != second.get("DeadLetterConfig"):
        yield "The versions of an alias must have the same dead-letter queue configuration, or none"
