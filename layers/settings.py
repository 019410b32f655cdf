"""`[tool.layers]` of pyproject.toml: the target, and nothing that Poetry's groups already say."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from layers.errors import WrongUse


class Target(BaseModel):
    """What the functions run on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    python: Literal["3.12", "3.13", "3.14"]
    architecture: Literal["x86_64", "arm64"]


class Settings(Target):
    """All of `[tool.layers]`."""


def read(pyproject: Path) -> Settings:
    """The settings of one pyproject.toml; raises WrongUse with each key, what was read and what is allowed."""
    if not pyproject.exists():
        raise WrongUse(f"there is no {pyproject}; run this in the project's folder")
    try:
        tool: dict[str, Any] = tomllib.loads(pyproject.read_text()).get("tool", {})
    except tomllib.TOMLDecodeError as error:
        raise WrongUse(f"{pyproject}: {error}") from error
    if "layers" not in tool:
        raise WrongUse(f'{pyproject} has no [tool.layers]; add it with `python = "3.13"` and `architecture = "x86_64"`')
    try:
        return Settings.model_validate(tool["layers"])
    except ValidationError as error:
        raise WrongUse("\n".join(_told(detail) for detail in error.errors())) from error


def _told(detail: Any) -> str:
    where = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return f"[tool.layers] {where}: there is no such setting; there are {', '.join(sorted(Settings.model_fields))}"
    if detail["type"] == "missing":
        return f"[tool.layers] {where} is missing"
    return f"[tool.layers] {where}: got {detail['input']!r}; {detail['msg']}"
