"""Actions that CloudFormation's handler calls in addition to the one that creates, updates or deletes the resource.

Source: CloudFormation CLI user guide, "Resource type definition schema": `permissions` of a handler are the permissions
that are needed to invoke it. A schema lists those for properties that a template leaves out as well, and AWS does not
document when they are asked for. So an action counts here unless it is for something else by its own name:

- A read of the type's own service is needed, as the handler waits for the resource and returns it; one whose name
  says a property of the type, where the template has that property.
- A change whose name says a property is needed where a resource with that property is created.
- Tags, roles, code and keys have separate checks; actions of other services are not required.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from rehearsal.emulator.iam.cfnlint_data import resource_schema
from rehearsal.emulator.iam.cloudformation_actions import handler_permissions, own_actions, required_actions

# Reads of what a resource holds, which a template says nothing about.
_DATA = ("GetItem", "GetObject", "GetObjectVersion", "GetRecords", "GetSecretValue")
_READS = ("BatchGet", "Describe", "Get", "List")
_SETS = ("Add", "Attach", "Create", "Enable", "Put", "Set", "Update")
_VERBS = (*_SETS, *_READS)
_TAGS = re.compile(r"(Untag|Tag)\w*|\w*Tag(s|ging)\w*")
# The ends of names that differ between an action and the property that it is about.
_ENDINGS = re.compile(r"(configuration|config|policy|settings?|arns?|ids?|names?|document|s)+$")


def further_actions(resource_type: str, operation: str, properties: Collection[str]) -> Iterator[str]:
    """Yield the further actions that an operation needs for a resource with these properties."""
    known = resource_schema(resource_type).get("properties", {})
    asked_already = {*required_actions(resource_type, operation)}
    for action in own_actions(resource_type, handler_permissions(resource_type, operation)):
        name = action.partition(":")[2]
        if action in asked_already or name in _DATA or _TAGS.fullmatch(name):
            continue
        stem = _action_stem(name, resource_type)
        if name.startswith(_READS):
            named = _read_properties(stem, known)
            if not named or named & {*properties}:
                yield action
        elif operation == "create" and name.startswith(_SETS) and any(stem in _stem(given) for given in properties):
            yield action


def _read_properties(stem: str, known: Collection[str]) -> set[str]:
    """Return the properties of a type that a read's name says most of: GetBucketCORS is for CorsConfiguration."""
    said = {name: len(_stem(name)) for name in known if _stem(name) and _stem(name) in stem}
    said |= {name: len(stem) for name in known if stem and stem in _stem(name)}
    return {name for name, length in said.items() if length == max(said.values())}


def _action_stem(action: str, resource_type: str) -> str:
    """Return what an action's name says besides its verb and the type; `-` where nothing is left."""
    verb, noun = next((verb for verb in _VERBS if action.startswith(verb)), ""), resource_type.rpartition("::")[2]
    return _stem(action.removeprefix(verb)).removeprefix(noun.lower()).removeprefix(_stem(noun)) or "-"


def _stem(name: str) -> str:
    return _ENDINGS.sub("", name.lower())
