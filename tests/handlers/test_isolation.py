"""The handlers import only deployed packages, not locally installed ones."""

from pathlib import Path

import pytest

from tests.handlers.conftest import CannotStart, Handler


@pytest.mark.gate
def test_a_dependency_missing_from_the_layers_is_red(layers: dict[str, Path]) -> None:
    """echo without its layer does not find pydantic, although the development environment has it."""
    with pytest.raises(CannotStart, match="No module named 'pydantic'"):
        Handler("echo", [layers["shared"]])
