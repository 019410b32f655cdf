"""Output variables, and the references to them in configurations."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rehearsal.errors import RehearsalError

_REFERENCE = re.compile(r"#\{([A-Za-z0-9@_-]+)\.([A-Za-z0-9@_.-]+)\}")


class UnknownVariable(RehearsalError):
    """A configuration refers to a variable that no action has set."""


def resolve(text: str, variables: Mapping[str, Mapping[str, str]]) -> str:
    """Replace every `#{namespace.key}` in `text`.

    variables: namespace -> key -> value; values are inserted unchanged, without escaping.
    Raises UnknownVariable, naming the namespace, the key and the keys that exist.
    Source: AWS CodePipeline user guide, "Variables reference".
    """

    def value(match: re.Match[str]) -> str:
        namespace, key = match.groups()
        keys = variables.get(namespace)
        if keys is None:
            raise UnknownVariable(f"{match[0]}: no namespace {namespace}; there are {_list(variables)}")
        if key not in keys:
            raise UnknownVariable(f"{match[0]}: {namespace} has no {key}; it has {_list(keys)}")
        return keys[key]

    return _REFERENCE.sub(value, text)


def _list(names: Mapping[str, object]) -> str:
    return ", ".join(sorted(names)) or "none"
