"""Functions of metric math on time series, with AWS's treatment of missing data points.

Source: Amazon CloudWatch user guide, "Using metric math", syntax and functions, and "Using IF expressions".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeIs

# One value per period, newest first; None where the period has no data point.
Series = list[float | None]
Value = float | Series | list[Series]


class UnsupportedExpression(Exception):
    """The expression is invalid, or uses something that is not implemented here."""


def is_series(value: Value) -> TypeIs[Series]:
    """Whether the value is one time series."""
    return isinstance(value, list) and not any(isinstance(item, list) for item in value)


def combine(function: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """Apply an operator to numbers, to data points of the same period, or to each time series of an array.

    Where only one of two series has a data point, the missing one counts as 0. A division by zero has no data point as
    its result.
    """
    if isinstance(left, float) and isinstance(right, float):
        if (number := _calculate(function, left, right)) is None:
            raise UnsupportedExpression("a number is divided by zero")
        return number
    if _is_number_or_series(left) and _is_number_or_series(right):
        return _combine_series(function, left, right)
    if _is_number_or_series(right):
        return [_combine_series(function, series, right) for series in _array(left)]
    if _is_number_or_series(left):
        return [_combine_series(function, left, series) for series in _array(right)]
    raise UnsupportedExpression("an operator between two arrays is not evaluated")


def _is_number_or_series(value: Value) -> TypeIs[float | Series]:
    return isinstance(value, float) or is_series(value)


def _array(value: Value) -> list[Series]:
    """Return the time series of an array."""
    return [] if _is_number_or_series(value) else value


def _combine_series(function: Callable[[float, float], float], left: float | Series, right: float | Series) -> Series:
    length = max(len(side) for side in (left, right) if isinstance(side, list))
    lefts = left if isinstance(left, list) else [left] * length
    rights = right if isinstance(right, list) else [right] * length
    has_number = isinstance(left, float) or isinstance(right, float)
    return [
        _combine_points(function, left_point, right_point, both_required=has_number)
        for left_point, right_point in zip(lefts, rights, strict=True)
    ]


def _combine_points(
    function: Callable[[float, float], float], left: float | None, right: float | None, *, both_required: bool
) -> float | None:
    """Return the result for two data points; both_required: None unless both exist, as for a series and a number."""
    if (left is None and right is None) or (both_required and (left is None or right is None)):
        return None
    return _calculate(function, left or 0.0, right or 0.0)


def _calculate(function: Callable[[float, float], float], left: float, right: float) -> float | None:
    try:
        result = function(left, right)
    except (ZeroDivisionError, OverflowError, ValueError):
        return None
    return float(result)


def _per_point(function: Callable[[float], float]) -> Callable[[Value], Value]:
    def apply(value: Value) -> Value:
        if isinstance(value, float):
            return float(function(value))
        if is_series(value):
            return [None if point is None else float(function(point)) for point in value]
        return [[None if point is None else float(function(point)) for point in series] for series in value]

    return apply


def _across_series(function: Callable[[Sequence[float], int], float]) -> Callable[[Value], Value]:
    """Return a function that combines the time series of an array into one.

    For a single time series, the result on AWS is a number from all data points that CloudWatch reads, and AWS does not
    document how many these are.
    """

    def apply(value: Value) -> Value:
        if isinstance(value, float) or is_series(value):
            raise UnsupportedExpression("a function of all data points of one time series is not evaluated")
        result: Series = []
        for points in zip(*value, strict=True):
            present = [point for point in points if point is not None]
            result.append(float(function(present, len(points))) if present else None)
        return result

    return apply


def _fill(value: Value, filler: Value | None = None) -> Value:
    """Replace missing data points by the filler, or without one (REPEAT) by the previous data point."""
    if isinstance(value, float) or not (filler is None or isinstance(filler, float)):
        raise UnsupportedExpression("FILL takes time series, and a number or REPEAT")
    if not is_series(value):
        return [_fill_series(series, filler) for series in value]
    return _fill_series(value, filler)


def _fill_series(series: Series, filler: float | None) -> Series:
    filled: Series = []
    for point in reversed(series):
        last = filled[-1] if filled and filler is None else filler
        filled.append(last if point is None else point)
    return filled[::-1]


def _if(condition: Value, true: Value, false: Value | None = None) -> Value:
    """Implement IF, for each data point of the condition; without one, the result has no data point either."""
    for value in (condition, true, false):
        if not (value is None or isinstance(value, float) or is_series(value)):
            raise UnsupportedExpression("IF takes single time series and numbers")
    lengths = [len(value) for value in (condition, true, false) if isinstance(value, list)]
    if not lengths:
        raise UnsupportedExpression("IF with only numbers is not a time series")
    conditions, trues, falses = (_broadcast(value, lengths[0]) for value in (condition, true, false))
    missing = None if isinstance(condition, float) else 0.0
    result: Series = []
    for test, yes, no in zip(conditions, trues, falses, strict=True):
        if test is None:
            result.append(None)
        elif test:
            result.append(missing if yes is None else yes)
        else:
            result.append(no)
    return result


def _broadcast(value: Value | None, length: int) -> Series:
    if value is not None and is_series(value):
        return value
    return [value if isinstance(value, float) else None] * length


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "ABS": _per_point(abs),
    "CEIL": _per_point(math.ceil),
    "FLOOR": _per_point(math.floor),
    "SUM": _across_series(lambda points, _: math.fsum(points)),
    "MAX": _across_series(lambda points, _: max(points)),
    "MIN": _across_series(lambda points, _: min(points)),
    # a missing data point counts as 0
    "AVG": _across_series(lambda points, metrics: math.fsum(points) / metrics),
    "FILL": _fill,
    "IF": _if,
}
