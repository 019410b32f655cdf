"""Check after the first synthesis for parts of an app that cannot be rehearsed; the error suggests `--accept`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from rehearsal.engine.model.definition import ActionType
from rehearsal.errors import WrongUse
from rehearsal.json_values import items, mapping, text
from rehearsal.project.cloud_assembly import Assembly
from rehearsal.project.template_types import StageProperties
from rehearsal.workspace.acceptances import Accepted, accept_options
from rehearsal.workspace.supported import Supported

# Custom resources are supported: their functions run.
_CUSTOM = "Custom::"


def check_parts(cloud: Assembly, supported: Supported, accepted: Accepted) -> None:
    """Raise WrongUse, which names every resource type and provider that is neither supported nor accepted."""
    unknown: dict[str, list[str]] = {}
    for name, where in [*_unknown_types(cloud, supported, accepted), *_unknown_providers(cloud, supported, accepted)]:
        unknown.setdefault(name, []).append(where)
    if not unknown:
        return
    lines = [f"  {name}: {_shortened(places)}" for name, places in sorted(unknown.items())]
    options, names = accept_options(unknown), json.dumps(sorted(unknown))
    raise WrongUse(
        "\n".join(["the app has parts that cannot be rehearsed:", *lines])
        + f"\n`run {options}` continues, and these parts have no effect;"
        + f" for every run, set in rehearsal.toml: accept = {names}"
    )


def _unknown_types(cloud: Assembly, supported: Supported, accepted: Accepted) -> Iterator[tuple[str, str]]:
    for stack in cloud.stacks:
        for _, template in stack.templates():
            if template.get("Transform"):
                continue  # the transform may replace these resources
            for id_, resource in template.get("Resources", {}).items():
                type_ = resource["Type"]
                if not type_.startswith(_CUSTOM) and type_ not in supported.types | accepted.types:
                    yield type_, f"{stack.name}/{id_}"


def _unknown_providers(cloud: Assembly, supported: Supported, accepted: Accepted) -> Iterator[tuple[str, str]]:
    for stage in cloud.chosen.properties.get("Stages", []):
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


def _shortened(places: Sequence[str], most: int = 3) -> str:
    rest = len(places) - most
    return ", ".join(places[:most]) + (f" and {rest} more" if rest > 0 else "")
