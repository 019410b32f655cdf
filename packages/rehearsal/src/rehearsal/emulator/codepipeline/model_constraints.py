"""Constraints of AWS's model of CodePipeline that botocore does not check: enumerations, patterns and sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape

from rehearsal import aws

# Limits that differ from the model: the API reference says 1,000, the service's error message says 50,000.
# Source: github.com/aws/aws-cdk issue 19767.
_MEASURED_SIZES = {"ActionConfigurationValue": 50_000}


@cache
def model() -> ServiceModel:
    """Return botocore's model of CodePipeline."""
    return aws.service_model("codepipeline")


def violations(shape: Shape, value: object, path: str) -> Iterator[str]:
    """Yield a message for every value that the model does not allow; values of another type are skipped."""
    match shape, value:
        case StructureShape(), dict():
            for name in value.keys() & shape.members.keys():
                yield from violations(shape.members[name], value[name], f"{path}.{name}".lstrip("."))
        case ListShape(), list():
            yield from _size_violations(shape, len(value), path, "items")
            for number, item in enumerate(value):
                yield from violations(shape.member, item, f"{path}[{number}]")
        case MapShape(), dict():
            yield from _size_violations(shape, len(value), path, "items")
            for key, item in value.items():
                yield from violations(shape.key, key, f"{path}: the key {key}")
                yield from violations(shape.value, item, f"{path}.{key}")
        case StringShape(), str():
            yield from _size_violations(shape, len(value), path, "characters")
            yield from _text(shape, value, path)
        case Shape(type_name="integer"), int():
            yield from _size_violations(shape, value, path, "")


def _text(shape: StringShape, value: str, path: str) -> Iterator[str]:
    pattern = shape.metadata.get("pattern")
    if shape.enum and value not in shape.enum:
        yield f"{path}: got {value}; {', '.join(shape.enum)} are allowed"
    elif pattern and not re.fullmatch(pattern, value, re.DOTALL):
        yield f"{path}: got {value[:80]}; {pattern} is allowed"


def _size_violations(shape: Shape, size: int, path: str, unit: str) -> Iterator[str]:
    most = _MEASURED_SIZES.get(shape.name, shape.metadata.get("max"))
    if most is not None and size > most:
        yield f"{path}: got {size} {unit}".rstrip() + f"; {most} at most are allowed"
