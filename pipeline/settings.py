"""The settings of the delivery, from cdk.json's `context.delivery`: typed, frozen, read once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from stages.options import ServiceOptions

WHERE = "cdk.json context.delivery"


class SettingsError(Exception):
    """What is wrong in the settings, in words a person can act on; one line per fault."""


def _account(value: str) -> str:
    if value.isdigit() and len(value) == 12:
        return value
    shown = f"({len(value)} digits)" if value.isdigit() else f"({len(value)} characters)"
    raise PydanticCustomError("account", f"got '{value}' {shown}; an AWS account id has 12 digits")


def _pattern(pattern: str, wanted: str) -> Any:
    def check(value: str) -> str:
        if re.fullmatch(pattern, value):
            return value
        raise PydanticCustomError("pattern", f"got '{value}'; {wanted}".replace("{", "{{").replace("}", "}}"))

    return AfterValidator(check)


Account = Annotated[str, AfterValidator(_account)]
Region = Annotated[str, _pattern(r"[a-z]{2}(-[a-z]+)+-\d", "an AWS region looks like eu-west-1")]
# Lengths: pipeline, environment and region stand together in role names, which have 64 characters at most.
PipelineName = Annotated[str, _pattern(r"[a-z][a-z0-9-]{1,22}", "2 to 23 characters: a-z, 0-9 and -, a letter first")]
EnvironmentName = Annotated[str, _pattern(r"[a-z][a-z0-9]{1,11}", "2 to 12 characters: a-z and 0-9, a letter first")]
Repository = Annotated[str, _pattern(r"[^/\s]+(/[^/\s]+)+", "a repository is written owner/name")]
ConnectionArn = Annotated[
    str,
    _pattern(
        r"arn:[a-z-]+:(codeconnections|codestar-connections):[a-z0-9-]+:\d{12}:connection/[A-Za-z0-9-]+",
        "the ARN of a CodeConnections connection looks like arn:aws:codeconnections:REGION:ACCOUNT:connection/ID",
    ),
]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Settings):
    """The connected repository whose pushes start the pipeline."""

    connection_arn: ConnectionArn
    repository: Repository
    branch: str = Field(default="main", min_length=1)


class Environment(_Settings):
    """One account and region that the stage is deployed to; `approval` makes a person decide beforehand."""

    name: EnvironmentName
    account: Account
    region: Region
    approval: bool = False
    service: ServiceOptions = ServiceOptions()


class Delivery(_Settings):
    """Everything that may differ between two users of this project."""

    name: PipelineName
    account: Account
    region: Region
    source: Source
    environments: tuple[Environment, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _environments_are_apart(self) -> Self:
        names = [environment.name for environment in self.environments]
        for name in names:
            if names.count(name) > 1:
                raise PydanticCustomError(
                    "twice", f"environments: two are named '{name}'; each needs a name of its own"
                )
        free = {e.account: e.name for e in self.environments if not e.approval}
        for one in self.environments:
            if one.approval and one.account in free:
                raise PydanticCustomError(
                    "shared",
                    f"environments: '{free[one.account]}' and '{one.name}' share the account {one.account}; an "
                    "environment behind an approval needs an account that is deployed to after an approval only",
                )
        return self

    @classmethod
    def read(cls, context: Any) -> Delivery:
        """Check what stands in cdk.json. Raises SettingsError with one line per fault."""
        if not isinstance(context, Mapping):
            got = "nothing" if context is None else f"'{context}'"
            raise SettingsError(
                f"{WHERE}: got {got}; an object is needed. Run the app through `cdk`, which reads cdk.json"
            )
        try:
            return cls.model_validate(context)
        except ValidationError as error:
            raise SettingsError("\n".join(_line(fault, cls) for fault in error.errors())) from None


def _line(fault: ErrorDetails, model: type[BaseModel]) -> str:
    location = fault["loc"]
    where = WHERE + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    match fault["type"]:
        case "extra_forbidden":
            return f"{where}: there is no such setting; there are {', '.join(_fields(model, location[:-1]))}"
        case "missing":
            return f"{where}: is missing; it has to be given"
        case "account" | "pattern" | "twice" | "shared":
            return f"{where}: {fault['msg']}"
    return f"{where}: got {fault['input']!r}; {fault['msg'][:1].lower()}{fault['msg'][1:]}"


def _fields(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """The names that are allowed where `location` leads to."""
    known: dict[tuple[str, ...], type[BaseModel]] = {
        ("source",): Source,
        ("environments",): Environment,
        ("environments", "service"): ServiceOptions,
    }
    path = tuple(part for part in location if isinstance(part, str))
    return sorted(known.get(path, model).model_fields)
