"""The examples of the pages for teams that use uv."""

from __future__ import annotations

import re
import tomllib

import pytest

from lambda_layers import settings
from lambda_layers.cli import cli
from lambda_layers.selection import function_layers
from tests.projects import Project
from tests.root import PACKAGE

PAGES = ("uv.md", "move-to-uv.md")


def page(name: str) -> str:
    """Return the text of a page."""
    return (PACKAGE / "docs" / name).read_text()


def test_the_example_is_a_project(project: Project) -> None:
    """The example's settings are accepted, and its groups become layers as its comments say."""
    root = project.root
    (root / "lambda" / "echo").mkdir(parents=True)
    (root / "lambda" / "echo" / "main.py").write_text("")
    text = page("uv.md").partition("```toml\n")[2].partition("```")[0]
    (root / "pyproject.toml").write_text(text)
    assert settings.read(root / "pyproject.toml").lock == "uv.lock"
    assert function_layers.groups(root) == {"shared": "main", "echo": "echo"}


@pytest.mark.parametrize("name", PAGES)
def test_commands_and_tables_of_the_pages_exist(name: str) -> None:
    """Each `lambda-layers` command of the pages exists, and each TOML block can be parsed."""
    commands = set(re.findall(r"lambda-layers (\w+)", page(name)))
    assert commands
    assert commands <= set(cli.commands)
    blocks = re.findall(r"```toml\n(.*?)```", page(name), re.DOTALL)
    assert all(tomllib.loads(block) for block in blocks)
