"""[tool.dependency-gate] of pyproject.toml: accepted vulnerabilities, and what an unreachable database means."""

from __future__ import annotations

from datetime import date
from itertools import islice
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from cdk_delivery.errors import WrongUse
from cdk_delivery.pyproject import tool_table
from cdk_delivery.settings.types import Settings

TABLE = "dependency-gate"


class AcceptedVulnerability(Settings):
    """A vulnerability that is accepted for a reason, up to and including the day `expires`."""

    id: str = Field(min_length=1)
    reason: str = Field(min_length=10)
    expires: date


class VulnerabilityExceptions(Settings):
    """The settings of the gate. on-unreachable: whether the gate fails for a package that could not be audited."""

    on_unreachable: Literal["fail", "warn"] = Field(default="fail", alias="on-unreachable")
    ignore: tuple[AcceptedVulnerability, ...] = ()

    def expired(self, today: date) -> list[AcceptedVulnerability]:
        """Return the exceptions whose last day has passed."""
        return [exception for exception in self.ignore if exception.expires < today]


def line_of(root: Path, text: str) -> str:
    """Return `pyproject.toml:LINE` for the first line that contains the text; only the file's name without one."""
    lines = (root / "pyproject.toml").read_text().splitlines()
    numbers = (number for number, line in enumerate(lines, start=1) if text in line)
    return ":".join(["pyproject.toml", *map(str, islice(numbers, 1))])


def read(root: Path) -> VulnerabilityExceptions:
    """Read the table in `root`'s pyproject.toml. Raises WrongUse with a line for each fault."""
    table = tool_table(root, TABLE)
    try:
        return VulnerabilityExceptions.model_validate(table)
    except ValidationError as error:
        lines = [
            f"pyproject.toml [tool.{TABLE}] {'.'.join(map(str, fault['loc']))}: got {fault['input']!r}; {fault['msg']}"
            for fault in error.errors()
        ]
        raise WrongUse("\n".join([*lines, "an exception is {id, reason, expires = 2026-12-31}"])) from None
