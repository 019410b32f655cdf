"""Pipeline definitions in a CloudFormation template.

Source: AWS CloudFormation user guide, "AWS::CodePipeline::Pipeline".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rehearsal.engine.model.definition import Pipeline, parse

Properties = Mapping[str, Any]


def preview_pipeline(name: str, properties: Properties) -> Pipeline:
    """Parse the definition before its deployment; `${...}` marks the values that CloudFormation would insert."""
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
    """Convert a template's properties to a declaration in the shape of the CodePipeline API.

    Keys start with a lower-case letter, except those of an action's Configuration. Artifact stores become a map by
    region.
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
        is_verbatim = name == "configuration"
        lowered[name] = dict(inner) if is_verbatim else int(inner) if name in _NUMBERS else _lower(inner)
    return lowered
