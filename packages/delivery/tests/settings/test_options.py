"""The model of a service's options."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cdk_delivery.errors import WrongUse
from cdk_delivery.project_config import ProjectConfig
from cdk_delivery.settings.messages import SettingsError
from cdk_delivery.settings.model import Delivery
from cdk_delivery.settings.options import settings_type

MODEL = """
from pydantic import BaseModel

class Options(BaseModel, extra="forbid"):
    size: int = 3

NUMBER = 1
"""


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A project with a module of options, whose imports are undone at the end."""
    (tmp_path / "own_service").mkdir()
    (tmp_path / "own_service" / "options.py").write_text(MODEL)
    path, modules = [*sys.path], {*sys.modules}
    yield tmp_path
    sys.path[:] = path
    for name in {*sys.modules} - modules:
        del sys.modules[name]


def delivery(context: dict[str, Any], *services: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of the tests with these options of the service."""
    environments = [
        {**environment, "service": service}
        for environment, service in zip(context["delivery"]["environments"], services, strict=True)
    ]
    return {**context["delivery"], "environments": environments}


def test_the_model_is_imported_from_the_project(root: Path, context: dict[str, Any]) -> None:
    """The module may be in the project's folder without a package; the model's defaults apply to missing options."""
    settings = settings_type(root, ProjectConfig("access", options="own_service.options:Options"))
    found: Delivery[Any] = settings.read(delivery(context, {"size": 5}, {}))
    assert [environment.service.size for environment in found.environments] == [5, 3]
    with pytest.raises(
        SettingsError, match=r"environments\[0\].service.sice: there is no such setting; there are size"
    ):
        settings.read(delivery(context, {"sice": 5}, {}))


def test_without_a_model_any_json_object_is_allowed(tmp_path: Path, context: dict[str, Any]) -> None:
    """Without a model, `service` may be any object, and is empty by default."""
    settings = settings_type(tmp_path, ProjectConfig("access"))
    known = delivery(context, {"colours": ["red"]}, {})
    del known["environments"][1]["service"]
    assert [environment.service for environment in settings.read(known).environments] == [{"colours": ["red"]}, {}]
    known["environments"][1]["service"] = ["red"]
    with pytest.raises(SettingsError, match=r"environments\[1\].service: got \['red'\]; input should be a valid dict"):
        settings.read(known)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("own_service.option:Options", "cannot be imported: No module named 'own_service.option'; name a class of a"),
        ("own_service.options:Option", "cannot be imported: module 'own_service.options' has no attribute 'Option';"),
        ("own_service.options:NUMBER", "is not a model; a subclass of pydantic.BaseModel is needed"),
    ],
)
def test_a_model_that_is_not_there_is_refused(root: Path, options: str, message: str) -> None:
    """The error has the setting that names the model, the value, and the required type."""
    with pytest.raises(WrongUse) as refused:
        settings_type(root, ProjectConfig("access", options=options))
    assert str(refused.value).startswith(f"pyproject.toml [tool.delivery] options: '{options}' {message}")
