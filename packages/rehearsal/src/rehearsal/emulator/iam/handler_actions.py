"""Actions that CloudFormation's handler calls in addition to the one that creates, updates or deletes the resource.

Source: CloudFormation CLI user guide, "Resource type definition schema": `permissions` of a handler are the permissions
that are needed to invoke it. A schema also lists those for properties that a template leaves out, and AWS does not
document when it checks them. This module therefore decides by the name of the action:

- A read of the type's own service is needed, as the handler waits for the resource and returns it. A read whose name
  includes a property of the type is needed only where the template sets that property.
- A change whose name includes a property is needed where a resource with that property is created.
- Tags, roles, code and keys have separate checks. Actions of other services are not required.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from rehearsal.emulator.iam.cfnlint_data import resource_schema
from rehearsal.emulator.iam.cloudformation_actions import handler_permissions, own_actions, required_actions

# Reads of a resource's contents, which templates do not set.
_DATA = ("GetItem", "GetObject", "GetObjectVersion", "GetRecords", "GetSecretValue")
_READS = ("BatchGet", "Describe", "Get", "List")
_SETS = ("Add", "Attach", "Create", "Enable", "Put", "Set", "Update")
_VERBS = (*_SETS, *_READS)
_TAGS = re.compile(r"(Untag|Tag)\w*|\w*Tag(s|ging)\w*")
# Ends of names that differ between an action and the property it changes or reads.
_ENDINGS = re.compile(r"(configuration|config|policy|settings?|arns?|ids?|names?|document|s)+$")


def further_actions(resource_type: str, operation: str, properties: Collection[str]) -> Iterator[str]:
    """Yield the further actions that an operation needs for a resource with these properties."""
    known = resource_schema(resource_type).get("properties", {})
    checked_elsewhere = {*required_actions(resource_type, operation)}
    for action in own_actions(resource_type, handler_permissions(resource_type, operation)):
        name = action.partition(":")[2]
        if action in checked_elsewhere or name in _DATA or _TAGS.fullmatch(name):
            continue
        stem = _action_stem(name, resource_type)
        if name.startswith(_READS):
            read = _read_properties(stem, known)
            if not read or read & {*properties}:
                yield action
        elif operation == "create" and name.startswith(_SETS) and any(stem in _stem(key) for key in properties):
            yield action


def _read_properties(stem: str, known: Collection[str]) -> set[str]:
    """Return the properties with the longest match to a read's name: CorsConfiguration for GetBucketCORS.

    known: the names of the type's properties.
    """
    matches = {name: len(_stem(name)) for name in known if _stem(name) and _stem(name) in stem}
    matches |= {name: len(stem) for name in known if stem and stem in _stem(name)}
    return {name for name, length in matches.items() if length == max(matches.values())}


def _action_stem(action: str, resource_type: str) -> str:
    """Return an action's name without its verb and the type's name; `-` where nothing is left."""
    verb, noun = next((verb for verb in _VERBS if action.startswith(verb)), ""), resource_type.rpartition("::")[2]
    return _stem(action.removeprefix(verb)).removeprefix(noun.lower()).removeprefix(_stem(noun)) or "-"


def _stem(name: str) -> str:
    return _ENDINGS.sub("", name.lower())
