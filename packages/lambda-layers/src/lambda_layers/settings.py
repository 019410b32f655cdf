"""`[tool.layers]` of pyproject.toml: target and content of layers. The groups decide which function gets which."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from packaging.utils import canonicalize_name
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from lambda_layers import toml_files
from lambda_layers.errors import WrongUse
from lambda_layers.target import runtimes
from lambda_layers.target.platform import Target


class Settings(BaseModel):
    """The settings of `[tool.layers]`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    python: str
    architecture: Literal["x86_64", "arm64"]
    lock: Literal["poetry.lock", "uv.lock"] | None = None
    runtime_provided: Literal["ship", "drop"] = Field(default="ship", alias="runtime-provided")
    drop_tests: bool = Field(default=False, alias="drop-tests")
    keep: tuple[str, ...] = Field(default=(), strict=False)
    build_from_source: frozenset[str] = Field(default=frozenset(), alias="build-from-source", strict=False)

    @field_validator("python")
    @classmethod
    def _supported(cls, version: str) -> str:
        runtimes.check_supported(version, datetime.now(UTC).date())
        return version

    @field_validator("build_from_source")
    @classmethod
    def _canonical(cls, names: frozenset[str]) -> frozenset[str]:
        return frozenset(canonicalize_name(name) for name in names)

    @property
    def target(self) -> Target:
        """The target that layers are built for."""
        return Target(self.python, self.architecture)


def read(pyproject: Path) -> Settings:
    """Read the settings of one pyproject.toml. Raises WrongUse with each key, the value read and what is allowed."""
    if not pyproject.exists():
        raise WrongUse(f"there is no {pyproject}; run this in the project's folder")
    tool: dict[str, Any] = toml_files.read_toml(pyproject).get("tool", {})
    if "layers" not in tool:
        raise WrongUse(f'{pyproject} has no [tool.layers]; add it with `python = "3.13"` and `architecture = "x86_64"`')
    try:
        return Settings.model_validate(tool["layers"])
    except ValidationError as error:
        raise WrongUse("\n".join(_error_line(detail) for detail in error.errors())) from error


def _error_line(detail: Any) -> str:
    where = ".".join(str(part) for part in detail["loc"])
    if not where:
        return f"[tool.layers] is {detail['input']!r}, and has to be a table"
    match detail["type"]:
        case "extra_forbidden":
            allowed = sorted(field.alias or name for name, field in Settings.model_fields.items())
            return f"[tool.layers] {where}: there is no such setting; there are {', '.join(allowed)}"
        case "missing":
            return f"[tool.layers] {where} is missing"
        case _:
            return f"[tool.layers] {where}: got {detail['input']!r}; {detail['msg'].removeprefix('Value error, ')}"
