"""The variables of a build: precedence, secrets and exported variables.

Sources: AWS CodeBuild user guide, "Build specification reference" (env), "Environment variables in build environments".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from rehearsal.codebuild.buildspec import Env
from rehearsal.codebuild.model import EnvironmentVariable
from rehearsal.errors import RehearsalError

# The value of secrets and parameters that the rehearsal creates, where on AWS an operator creates them.
PLACEHOLDER = "placeholder-of-a-rehearsal"


class UnknownValue(RehearsalError):
    """A parameter or secret cannot be read. code: the status code of CodeBuild's phase context."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class Lookup(Protocol):
    """Reads values with the build's own role. Raises UnknownValue."""

    def parameter(self, name: str) -> str: ...
    def secret(self, secret_id: str, *, stage: str, version: str) -> str: ...


@dataclass(frozen=True)
class Variables:
    """The variables of a build. values: by name. secrets: values to mask in logs. unexported: names of secrets."""

    values: Mapping[str, str]
    secrets: frozenset[str]
    unexported: frozenset[str]


def resolve(
    env: Env, project: Iterable[EnvironmentVariable], overrides: Iterable[EnvironmentVariable], lookup: Lookup
) -> Variables:
    """Resolve the variables of a build: `overrides` win over `project`, which wins over the buildspec's `env`.

    Raises UnknownValue.
    """
    outside = {
        variable.name: variable for variable in [*project, *overrides] if not variable.name.startswith("CODEBUILD_")
    }
    chosen = {variable.name: variable for variable in _declared(env)} | outside
    values = {name: _value(variable, lookup) for name, variable in chosen.items()}
    looked_up = {name for name, variable in chosen.items() if variable.type != "PLAINTEXT"}
    return Variables(
        values,
        secrets=frozenset(values[name] for name in looked_up),
        unexported=frozenset(looked_up & outside.keys()),
    )


def exported(names: Iterable[str], unexported: frozenset[str], values: Mapping[str, str]) -> dict[str, str]:
    """Return the exported variables: those of `names` that are set at the end, and are not secrets."""
    return {
        name: values[name]
        for name in names
        if name in values and name not in unexported and not name.startswith("AWS_")
    }


def _declared(env: Env) -> Iterable[EnvironmentVariable]:
    for name, value in env.variables.items():
        yield EnvironmentVariable(name, value)
    for name, value in env.parameter_store.items():
        yield EnvironmentVariable(name, value, "PARAMETER_STORE")
    for name, value in env.secrets_manager.items():
        yield EnvironmentVariable(name, value, "SECRETS_MANAGER")


def _value(variable: EnvironmentVariable, lookup: Lookup) -> str:
    match variable.type:
        case "PARAMETER_STORE":
            return lookup.parameter(variable.value)
        case "SECRETS_MANAGER":
            return _secret(variable.value, lookup)
        case "PLAINTEXT":
            return variable.value
        case other:
            raise UnknownValue(
                f"{variable.name}: got the type {other}; allowed are PLAINTEXT, PARAMETER_STORE, SECRETS_MANAGER",
                "INVALID_INPUT",
            )


def _secret(reference: str, lookup: Lookup) -> str:
    """Read `secret-id:json-key:version-stage:version-id`; an ARN is an id that contains colons."""
    parts = reference.split(":")
    length = 7 if parts[0] == "arn" else 1
    secret_id, rest = ":".join(parts[:length]), [*parts[length:], "", "", ""]
    key, stage, version = rest[:3]
    text = lookup.secret(secret_id, stage=stage, version=version)
    return _member(text, key, secret_id) if key else text


def _member(text: str, key: str, secret_id: str) -> str:
    try:
        member = json.loads(text)[key]
    except (ValueError, KeyError, TypeError):
        # No details in the message: the text is the secret.
        raise UnknownValue(f"the secret {secret_id} has no key {key}", "Secrets Manager Error") from None
    return member if isinstance(member, str) else json.dumps(member)
