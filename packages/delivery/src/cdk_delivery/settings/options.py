"""The project's own model of `environments[].service`, which `[tool.delivery] options` names."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import cast

from pydantic import BaseModel, JsonValue

from cdk_delivery.errors import WrongUse
from cdk_delivery.project_config import TABLE, ProjectConfig
from cdk_delivery.pyproject import FILE
from cdk_delivery.settings.model import Delivery


def settings_type(root: Path, config: ProjectConfig) -> type[Delivery[object]]:
    """Return the settings of the project in `root`, with its own options. Raises WrongUse."""
    options = _import_options(root, config.options) if config.options else dict[str, JsonValue]
    return cast("type[Delivery[object]]", Delivery.__class_getitem__(options))


def _import_options(root: Path, name: str) -> type[BaseModel]:
    module, _, attribute = name.partition(":")
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    try:
        model = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise WrongUse(f"{_where(name)} cannot be imported: {error}; name a class of a module below {root}") from error
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise WrongUse(f"{_where(name)} is not a model; a subclass of pydantic.BaseModel is needed")
    return model


def _where(name: str) -> str:
    return f"{FILE} [tool.{TABLE}] options: '{name}'"
