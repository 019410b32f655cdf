"""A pipeline as a CloudFormation template has it.

Source: AWS CloudFormation user guide, "AWS::CodePipeline::Pipeline".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rehearsal.engine.model.definition import Pipeline, parse

Properties = Mapping[str, Any]


def preview_pipeline(name: str, properties: Properties) -> Pipeline:
    """The definition before its deployment: `${...}` marks the values that CloudFormation would insert."""
    return parse(to_api(name, _replace_intrinsics(properties)))


def _replace_intrinsics(value: Any) -> Any:
    if isinstance(value, list):
        return [_replace_intrinsics(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    if len(value) == 1 and (key := next(iter(value))) and (key == "Ref" or key.startswith("Fn::")):
        return f"${{{value[key] if key == 'Ref' else key}}}"
    return {key: _replace_intrinsics(each) for key, each in value.items()}


def to_api(name: str, properties: Properties) -> dict[str, Any]:
    """A template's properties as the declaration that the CodePipeline API speaks.

    Keys lose their capital letter, except those of an action's Configuration; artifact stores become a map by region.
    """
    declaration: dict[str, Any] = _lower({key: value for key, value in properties.items() if key not in _NOT_DECLARED})
    declaration["name"] = name
    stores = declaration.pop("artifactStores", None)
    if stores:
        declaration["artifactStores"] = {each["region"]: each["artifactStore"] for each in stores}
    return declaration


_NOT_DECLARED = ("Name", "Tags", "RestartExecutionOnUpdate", "DisableInboundStageTransitions")
_NUMBERS = ("runOrder", "timeoutInMinutes")


def _lower(value: Any) -> Any:
    if isinstance(value, list):
        return [_lower(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    lowered: dict[str, Any] = {}
    for key, inner in value.items():
        name = key[0].lower() + key[1:]
        kept = name == "configuration"
        lowered[name] = dict(inner) if kept else int(inner) if name in _NUMBERS else _lower(inner)
    return lowered
