"""A function that computes."""

from typing import Any

import scipy.linalg


def handler(event: dict[str, Any], context: object) -> float:
    """Answer with a number."""
    found: float = scipy.linalg.det(event["matrix"])
    return found
