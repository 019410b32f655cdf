"""Pipeline definitions in a CloudFormation template.

Source: AWS CloudFormation user guide, "AWS::CodePipeline::Pipeline".
"""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.engine.model.declaration import parse
from rehearsal.engine.model.definition import Pipeline
from rehearsal.json_values import items, mapping, member, text


def preview_pipeline(name: str, properties: Mapping[str, object]) -> Pipeline:
    """Parse the definition before its deployment; `${...}` marks the values that CloudFormation would insert."""
    return parse(to_api(name, mapping(_replace_intrinsics(properties))))


def _replace_intrinsics(value: object) -> object:
    if isinstance(value, list):
        return [_replace_intrinsics(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if len(value) == 1 and (key := next(iter(value))) and (key == "Ref" or key.startswith("Fn::")):
        return f"${{{value[key] if key == 'Ref' else key}}}"
    return {key: _replace_intrinsics(item) for key, item in value.items()}


def to_api(name: str, properties: Mapping[str, object]) -> dict[str, object]:
    """Convert a template's properties to a declaration in the shape of the CodePipeline API.

    Keys start with a lower-case letter, except those of an action's Configuration. Artifact stores become a map by
    region.
    """
    declaration = _lower_members({key: value for key, value in properties.items() if key not in _NOT_DECLARED})
    declaration["name"] = name
    stores = items(declaration.pop("artifactStores", None))
    if stores:
        declaration["artifactStores"] = {text(store, "region"): member(store, "artifactStore") for store in stores}
    return declaration


_NOT_DECLARED = ("Name", "Tags", "RestartExecutionOnUpdate", "DisableInboundStageTransitions")
_NUMBERS = ("runOrder", "timeoutInMinutes")


def _lower(value: object) -> object:
    if isinstance(value, list):
        return [_lower(inner) for inner in value]
    return _lower_members(value) if isinstance(value, Mapping) else value


def _lower_members(members: Mapping[str, object]) -> dict[str, object]:
    lowered: dict[str, object] = {}
    for key, value in members.items():
        name = key[0].lower() + key[1:]
        if name == "configuration":
            lowered[name] = dict(mapping(value))
        elif name in _NUMBERS:
            lowered[name] = int(str(value))
        else:
            lowered[name] = _lower(value)
    return lowered
