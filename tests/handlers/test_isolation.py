"""The handlers see what is deployed, and nothing that happens to be installed here."""

from pathlib import Path

import pytest

from tests.handlers.conftest import Handler


@pytest.mark.gate
def test_a_dependency_missing_from_the_layers_is_red(layers: dict[str, Path]) -> None:
    """pydantic is in the development environment as well; echo without its own layer must not find it there."""
    handler = Handler("echo", [layers["shared"]])
    try:
        assert handler({"Records": []}).error == "the worker ended"
    finally:
        handler.close()
