"""`[tool.layers]` of pyproject.toml: target and content of layers. The groups decide which function gets which."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from packaging.utils import canonicalize_name

from lambda_layers import toml_files
from lambda_layers.errors import WrongUse
from lambda_layers.target import runtimes
from lambda_layers.target.platform import Target


@dataclass(frozen=True)
class Settings:
    """The settings of `[tool.layers]`."""

    python: str
    architecture: Literal["x86_64", "arm64"]
    lock: Literal["poetry.lock", "uv.lock"] | None = None
    runtime_provided: Literal["ship", "drop"] = "ship"
    drop_tests: bool = False
    keep: tuple[str, ...] = ()
    build_from_source: frozenset[str] = frozenset()

    @property
    def target(self) -> Target:
        """The target that layers are built for."""
        return Target(self.python, self.architecture)


def read(pyproject: Path) -> Settings:
    """Read the settings of one pyproject.toml. Raises WrongUse with each key, the value read and what is allowed."""
    if not pyproject.exists():
        raise WrongUse(f"there is no {pyproject}; run this in the project's folder")
    tool = toml_files.read_toml(pyproject).get("tool", {})
    if "layers" not in tool:
        raise WrongUse(f'{pyproject} has no [tool.layers]; add it with `python = "3.13"` and `architecture = "x86_64"`')
    return parse(tool["layers"])


def parse(table: object) -> Settings:
    """The settings in a table; raises WrongUse, as `read` does."""
    if not isinstance(table, dict):
        raise WrongUse(f"[tool.layers] is {table!r}, and has to be a table")
    values: dict[str, object] = {}
    problems = [f"[tool.layers] {key} is missing" for key in _REQUIRED if key not in table]
    for key, value in table.items():
        if key not in PARSERS:
            problems.append(f"[tool.layers] {key}: there is no such setting; there are {', '.join(sorted(PARSERS))}")
            continue
        try:
            values[key.replace("-", "_")] = PARSERS[key](value)
        except ValueError as error:
            problems.append(f"[tool.layers] {key}: got {value!r}; {error}")
    if problems:
        raise WrongUse("\n".join(problems))
    return Settings(**values)  # type: ignore[arg-type] # each parser returns what its field holds


def _version(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError('it has to be a string, such as "3.13"')
    runtimes.check_supported(value, datetime.now(UTC).date())
    return value


def _one_of(*allowed: str) -> Callable[[object], str]:
    def parse_choice(value: object) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise ValueError(f"it has to be {' or '.join(repr(choice) for choice in allowed)}")
        return value

    return parse_choice


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("it has to be true or false")
    return value


def _strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise ValueError("it has to be a list of strings")
    return tuple(value)


def _names(value: object) -> frozenset[str]:
    return frozenset(canonicalize_name(name) for name in _strings(value))


PARSERS: Mapping[str, Callable[[object], object]] = {
    "python": _version,
    "architecture": _one_of("x86_64", "arm64"),
    "lock": _one_of("poetry.lock", "uv.lock"),
    "runtime-provided": _one_of("ship", "drop"),
    "drop-tests": _boolean,
    "keep": _strings,
    "build-from-source": _names,
}
_REQUIRED = ("python", "architecture")
