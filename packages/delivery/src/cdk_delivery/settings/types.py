"""The types of single settings. An error has the value read and what is allowed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


class Settings(BaseModel):
    """The base class of the settings' models: frozen, with unknown keys rejected."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @classmethod
    def model_parametrized_name(cls, params: tuple[object, ...]) -> str:  # noqa: ARG003 - pydantic's signature
        """Return the name of a generic class without its type parameter."""
        return cls.__name__

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        """Copy the docstring of a generic class to its parametrized one: it is the description in the JSON Schema."""
        cls.__doc__ = cls.__doc__ or cls.__mro__[1].__doc__


def settings_error(message: str) -> PydanticCustomError:
    """Return the error that a validator raises for a refused value."""
    return PydanticCustomError("refused", message)


@dataclass(frozen=True)
class Pattern:
    """An annotation for text that has to match `pattern` as a whole; `description` says in words what is allowed.

    The JSON Schema has both, so that editors check them too.
    """

    pattern: str
    description: str

    def check(self, value: str) -> str:
        """Return the value if it matches. Raises the error that pydantic reports, with the value."""
        if re.fullmatch(self.pattern, value):
            return value
        raise settings_error(f"got '{value}'{_length(value)}; {self.description}")

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "pattern": f"^{self.pattern}$", "description": self.description}


def _length(value: str) -> str:
    """Return the number of digits, for the message; empty for text that is not a number."""
    return f" ({len(value)} digits)" if value.isascii() and value.isdigit() else ""


Account = Annotated[str, Pattern(r"[0-9]{12}", "an AWS account id has 12 digits")]
# China, GovCloud and the isolated regions are other partitions, and ARNs here are those of `aws`.
Region = Annotated[
    str,
    Pattern(
        r"(?!cn-|[a-z]+-gov-|[a-z]+-iso)[a-z]{2}(-[a-z]+)+-[0-9]",
        "an AWS region looks like eu-west-1; those of China, GovCloud and other partitions are not supported",
    ),
]
# Lengths: role names contain pipeline, environment and region, and have 64 characters at most.
PipelineName = Annotated[str, Pattern(r"[a-z][a-z0-9-]{1,22}", "2 to 23 characters: a-z, 0-9 and -, a letter first")]
EnvironmentName = Annotated[str, Pattern(r"[a-z][a-z0-9]{1,11}", "2 to 12 characters: a-z and 0-9, a letter first")]
# Source: git, "git-check-ref-format". CodePipeline's trigger would read brackets and braces as a pattern.
Branch = Annotated[
    str,
    Pattern(
        r"(?![-/.])(?!(?:@|HEAD)$)(?!.*(?:\.\.|//|/\.|@\{|\.lock(?:/|$)|[./]$))[^\x00-\x20\x7f~^:?*\[\]{}\\]{1,200}",
        "one branch, named in full, by a name that `git check-ref-format --branch` allows",
    ),
]
Repository = Annotated[str, Pattern(r"[^/\s]+(/[^/\s]+)+", "a repository is written owner/name")]
RepositoryName = Annotated[
    str, Pattern(r"[A-Za-z0-9_.-]{1,100}", "1 to 100 letters, digits, points, - and _: the name without its account")
]
RiskName = Annotated[
    str,
    Pattern(
        r"(approval-removed|unapproved-account|build-deploys)/[A-Za-z0-9._-]+",
        "a risk is approval-removed/STAGE, unapproved-account/STAGE or build-deploys/ROLE, as the gate prints it",
    ),
]
# Source: Amazon CloudWatch API reference, PutMetricAlarm, AlarmName; the quotation mark would end the name in a rule.
AlarmName = Annotated[
    str, Pattern(r"[^\x00-\x1f\x7f\"]{1,255}", "the name of an alarm has 1 to 255 characters, without its ARN")
]
BucketName = Annotated[str, Pattern(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the name of a bucket, without s3://")]
ObjectKey = Annotated[str, Pattern(r"[^/].{0,1000}\.zip", "the key of one .zip object, without the bucket's name")]
PathPattern = Annotated[str, Pattern(r"\S{1,255}", "a pattern of paths such as docs/** has 1 to 255 characters")]
# Source: RFC 5321, sections 4.1.2 and 4.5.3.1; quoted local parts and domains in brackets are left out.
Email = Annotated[
    str,
    Pattern(
        r"(?=.{6,254}$)(?!\.)(?!.*\.[.@])[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
        r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}",
        "an e-mail address looks like team@company.com",
    ),
]
HttpsUrl = Annotated[str, Pattern(r"https://[^\s/]+\S*", "the address of an endpoint begins with https://")]
ConnectionArn = Annotated[
    str,
    Pattern(
        r"arn:[a-z-]+:(codeconnections|codestar-connections):[a-z0-9-]+:[0-9]{12}:connection/[A-Za-z0-9-]+",
        "the ARN of a CodeConnections connection looks like arn:aws:codeconnections:REGION:ACCOUNT:connection/ID",
    ),
]
