"""Metric math, with the examples of AWS's documentation."""

from __future__ import annotations

import pytest

from rehearsal.emulator.cloudwatch.math_expression import MetricMath
from rehearsal.emulator.cloudwatch.series_functions import Series, UnsupportedExpression

NONE = None
METRICS: dict[str, Series] = {
    "metric1": [30, 20, 0, 0],
    "metric2": [20, NONE, 20, NONE],
    "test": [1, 1, 0, 0],
    "gone": [NONE, NONE, NONE, NONE],
}
EXPRESSIONS = {"rate": "100 * metric2 / metric1", "circle": "circle + 1"}


def series(text: str) -> Series:
    """Return the series of an expression that can refer to other expressions."""
    return MetricMath(METRICS, {**EXPRESSIONS, "result": text}, 60.0).series("result")


# Source: Amazon CloudWatch user guide, "Using metric math": the tables of operators and of IF, missing values,
# and division by zero.
@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("metric1 < metric2", [0, 0, 1, 0]),
        ("metric1 >= 30", [1, 0, 0, 0]),
        ("(metric1 > 15 AND metric2 > 15)", [1, 0, 0, 0]),
        ("metric1 > 15 || metric2 > 15", [1, 1, 1, 0]),
        ("metric1 + metric2", [50, 20, 20, 0]),
        ("metric1 - metric2 * 2", [-10, 20, -40, 0]),
        ("metric1 / metric2", [1.5, NONE, 0, NONE]),
        ("metric2 ^ 2", [400, NONE, 400, NONE]),
        ("-metric1", [-30, -20, 0, 0]),
        ("rate / 100", [20 / 30, 0, NONE, NONE]),
        ("metric1 / PERIOD(metric1)", [0.5, 20 / 60, 0, 0]),
        ("FILL(metric2, 0)", [20, 0, 20, 0]),
        ("FILL(metric2, REPEAT)", [20, 20, 20, NONE]),
        ("SUM([metric1, metric2])", [50, 20, 20, 0]),
        ("SUM([metric2, gone])", [20, NONE, 20, NONE]),
        ('MAX(METRICS("metric"))', [30, 20, 20, 0]),
        ("MIN([metric1, metric2])", [20, 20, 0, 0]),
        ("AVG([metric1, metric2])", [25, 10, 10, 0]),
        ("SUM(FILL(METRICS(), 1))", [52, 23, 21, 2]),
        ("SUM(METRICS() * 10)", [510, 210, 200, 0]),
        ("CEIL(ABS(metric1 / -7))", [5, 3, 0, 0]),
        ("IF(test, metric2, metric1)", [20, 0, 0, 0]),
        ("IF(test, 5, metric2)", [5, 5, 20, NONE]),
        ("IF(test, metric2, 5)", [20, 0, 5, 5]),
        ("IF(metric1 < 25, metric1)", [NONE, 20, 0, 0]),
        ("IF(metric2, 1, 0)", [1, NONE, 1, NONE]),
        ("IF(1, metric2)", [20, NONE, 20, NONE]),
        ("IF(FILL(metric2, 0) > 10, rate, 0)", [200 / 3, 0, 0, 0]),
    ],
)
def test_an_expression_has_a_value_for_each_period(text: str, points: Series) -> None:
    """A missing data point counts as 0 if another series has one; a division by zero drops the data point."""
    assert series(text) == pytest.approx(points)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SUM(metric1)", "all data points of one time series"),
        ("metric1 - AVG(metric1)", "all data points of one time series"),
        ("RATE(metric1)", "RATE is not evaluated"),
        ("ANOMALY_DETECTION_BAND(metric1)", "ANOMALY_DETECTION_BAND is not evaluated"),
        ("FILL(metric1, LINEAR)", "LINEAR is the id of neither"),
        ("FILL(metric1, metric2)", "FILL takes"),
        ("METRICS()", "not a single time series"),
        ("5", "not a single time series"),
        ("IF(1, 2, 3)", "IF with only numbers"),
        ("IF(METRICS(), 1, 0)", "IF takes single"),
        ("IF(metric1)", "IF has no 1 arguments"),
        ("[metric1, 5]", "5 is not a time series"),
        ("METRICS() + METRICS()", "two arrays"),
        ("1 / 0 * metric1", "divided by zero"),
        ('SUM(METRICS("none")) + metric1', "no metrics"),
        ("SUM([]) + metric1", "no metrics"),
        ("metric3", "metric3 is the id of neither"),
        ("circle", "circle is the id of neither"),
        ("metric1 +", "cannot be read"),
        ("metric1.real", "cannot be evaluated"),
        ("__import__('os')", "__import__ is not evaluated"),
        ("PERIOD(rate)", "PERIOD is not evaluated"),
        ("0 < metric1 < 5", "cannot be evaluated"),
    ],
)
def test_an_unsupported_expression_is_an_error(text: str, why: str) -> None:
    """An unsupported expression is an error that names the reason, so that it is not green where AWS is red."""
    with pytest.raises(UnsupportedExpression, match=why):
        series(text)
