"""Parts of an app that cannot be rehearsed: resource types, and providers of actions and rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rehearsal.engine.model.definition import ActionType
from rehearsal.json_values import items, mapping, text
from rehearsal.project.cloud_assembly import PipelineResource, Stack
from rehearsal.project.template_types import StageProperties
from rehearsal.workspace.acceptances import Accepted
from rehearsal.workspace.supported import Supported

# Custom resources are supported: their functions run.
_CUSTOM = "Custom::"


def unsupported_parts(
    stacks: Iterable[Stack], pipelines: Iterable[PipelineResource], supported: Supported, accepted: Accepted
) -> dict[str, list[str]]:
    """Return the types and providers that are neither supported nor accepted, by name, with the places of each."""
    unsupported: dict[str, list[str]] = {}
    types = _unsupported_types(stacks, supported, accepted)
    for name, where in [*types, *_unsupported_providers(pipelines, supported, accepted)]:
        unsupported.setdefault(name, []).append(where)
    return dict(sorted(unsupported.items()))


def _unsupported_types(stacks: Iterable[Stack], supported: Supported, accepted: Accepted) -> Iterator[tuple[str, str]]:
    for stack in stacks:
        for _, template in stack.templates():
            if template.get("Transform"):
                continue  # the transform may replace these resources
            for id_, resource in template.get("Resources", {}).items():
                type_ = resource["Type"]
                if not type_.startswith(_CUSTOM) and type_ not in supported.types | accepted.types:
                    yield type_, f"{stack.name}/{id_}"


def _unsupported_providers(
    pipelines: Iterable[PipelineResource], supported: Supported, accepted: Accepted
) -> Iterator[tuple[str, str]]:
    for stage in (stage for pipeline in pipelines for stage in pipeline.properties.get("Stages", [])):
        for part, name in (*_parts(stage.get("Actions", []), "ActionTypeId"), *_rules(stage)):
            type_ = ActionType(part["Category"], part["Provider"])
            if str(type_) not in supported.providers and not accepted.takes(type_):
                yield type_.provider, f"{stage['Name']}/{name}"


def _rules(stage: StageProperties) -> Iterator[tuple[Mapping[str, str], str]]:
    for key in ("BeforeEntry", "OnSuccess", "OnFailure"):
        for condition in items(stage, key, "Conditions"):
            yield from _parts(items(condition, "Rules"), "RuleTypeId")


def _parts(parts: Sequence[object], key: str) -> Iterator[tuple[Mapping[str, str], str]]:
    for part in parts:
        type_ = {name: str(value) for name, value in mapping(part, key).items()}
        yield {"Category": "Rule", **type_}, text(part, "Name")
