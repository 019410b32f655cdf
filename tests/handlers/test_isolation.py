"""The handlers see what is deployed, and nothing that happens to be installed here."""

from pathlib import Path

import pytest

from tests.handlers.conftest import CannotStart, Handler


@pytest.mark.gate
def test_a_dependency_missing_from_the_layers_is_red(layers: dict[str, Path]) -> None:
    """pydantic is in the development environment as well; echo without its own layer must not find it there."""
    with pytest.raises(CannotStart, match="No module named 'pydantic'"):
        Handler("echo", [layers["shared"]])
