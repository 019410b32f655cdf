"""Evaluation of an alarm's metric math expression for each of its periods.

Source: Amazon CloudWatch user guide, "Using metric math", syntax and functions, and "Using IF expressions".
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rehearsal.emulator.cloudwatch.series_functions import (
    FUNCTIONS,
    Series,
    UnsupportedExpression,
    Value,
    combine,
    is_series,
)

# Operator of metric math -> the same operator in Python.
_SPELLINGS = {"^": "**", "&&": " and ", "||": " or ", "AND": "and", "OR": "or"}
_OPERATOR = re.compile(r"""("[^"]*"|'[^']*')|\^|&&|\|\||\bAND\b|\bOR\b""")
_ARITHMETIC: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


@dataclass(frozen=True)
class MetricMath:
    """The metrics and expressions of one alarm, by id.

    metrics: time series with one value per period, newest first. period: of all metrics, in seconds.
    """

    metrics: Mapping[str, Series]
    expressions: Mapping[str, str]
    period: float

    def series(self, id_: str) -> Series:
        """Return the time series of a metric or expression. Raises UnsupportedExpression."""
        value = self._named(id_)
        if not is_series(value):
            raise UnsupportedExpression(f"{id_} is not a single time series")
        return value

    def _named(self, id_: str) -> Value:
        if id_ in self.metrics:
            return self.metrics[id_]
        if id_ not in self.expressions:
            raise UnsupportedExpression(f"{id_} is the id of neither a metric nor an expression")
        rest = {name: text for name, text in self.expressions.items() if name != id_}
        return MetricMath(self.metrics, rest, self.period).evaluate(self.expressions[id_])

    def evaluate(self, text: str) -> Value:
        """Return the value of an expression. Raises UnsupportedExpression."""
        try:
            return self._value(ast.parse(_python_of(text), mode="eval").body)
        except SyntaxError as error:
            raise UnsupportedExpression(f"{text} cannot be read") from error

    def _value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(int() | float() as number):
                return float(number)
            case ast.Name(name):
                return self._named(name)
            case ast.List(items):
                return _not_empty([series for item in items for series in self._all_series(item)])
            case ast.Call(ast.Name(name), arguments, []):
                return self._call(name, arguments)
        return self._operation(node)

    def _operation(self, node: ast.expr) -> Value:
        match node:
            case ast.UnaryOp(ast.USub(), operand):
                return combine(operator.mul, -1.0, self._value(operand))
            case ast.BinOp(left, sign, right) if type(sign) in _ARITHMETIC:
                return combine(_ARITHMETIC[type(sign)], self._value(left), self._value(right))
            case ast.Compare(left, [sign], [right]) if type(sign) in _COMPARISONS:
                return combine(_COMPARISONS[type(sign)], self._value(left), self._value(right))
            case ast.BoolOp(sign, operands):
                return self._logical(sign, [self._value(operand) for operand in operands])
        raise UnsupportedExpression(f"{ast.unparse(node)} cannot be evaluated")

    def _logical(self, sign: ast.boolop, values: Sequence[Value]) -> Value:
        decide = all if isinstance(sign, ast.And) else any
        result = values[0]
        for value in values[1:]:
            result = combine(lambda left, right: decide((left, right)), result, value)
        return result

    def _call(self, name: str, arguments: Sequence[ast.expr]) -> Value:
        match name, arguments:
            case "METRICS", []:
                return _not_empty(list(self.metrics.values()))
            case "METRICS", [ast.Constant(str() as part)]:
                return _not_empty([series for id_, series in self.metrics.items() if part in id_])
            case "PERIOD", [ast.Name(id_)] if id_ in self.metrics:
                return self.period
            case "FILL", [filled, ast.Name("REPEAT")]:
                return FUNCTIONS["FILL"](self._value(filled))
        if name not in FUNCTIONS:
            raise UnsupportedExpression(f"{name} is not evaluated")
        try:
            return FUNCTIONS[name](*map(self._value, arguments))
        except TypeError as error:
            raise UnsupportedExpression(f"{name} has no {len(arguments)} arguments") from error

    def _all_series(self, node: ast.expr) -> list[Series]:
        value = self._value(node)
        if isinstance(value, float):
            raise UnsupportedExpression(f"{ast.unparse(node)} is not a time series")
        return [value] if is_series(value) else list(value)


def _not_empty(array: list[Series]) -> list[Series]:
    if not array:
        raise UnsupportedExpression("an array has no metrics")
    return array


def _python_of(text: str) -> str:
    """Return the expression in Python's syntax; quoted strings stay unchanged."""
    return _OPERATOR.sub(lambda match: _SPELLINGS.get(match[0], match[0]), text).strip()
