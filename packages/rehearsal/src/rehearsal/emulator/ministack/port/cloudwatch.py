"""CloudWatch: metrics of AWS's own services, and alarms."""

from __future__ import annotations

from collections.abc import Mapping

from ministack.services import cloudwatch


def record_metric(namespace: str, name: str, value: float, unit: str, dimensions: Mapping[str, str]) -> None:
    """Add a data point to a metric of the request's account and region."""
    cloudwatch.record_metric(namespace, name, value, unit, dict(dimensions))
