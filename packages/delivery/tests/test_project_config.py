"""`[tool.delivery]` of pyproject.toml, and the errors for wrong values."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdk_delivery.errors import WrongUse
from cdk_delivery.project_config import Pages, ProjectConfig, read_config

HERE = "pyproject.toml [tool.delivery"
WHOLE = """
[tool.delivery]
access = "access"
options = "service.options:Options"
prices = "pages/prices.json"

[tool.delivery.pages]
approvals = "pages/approvals.md"
costs = "pages/costs.md"
go-live = "pages/go-live.md"
security = "pages/security.md"

[tool.delivery.roles]
'\\w+ReaderRole' = "reads"
"""


def project(folder: Path, text: str) -> Path:
    """Return a project with this pyproject.toml."""
    (folder / "pyproject.toml").write_text(text)
    return folder


def test_every_key_is_read(tmp_path: Path) -> None:
    """Every key has its field; paths stay relative to the project's root."""
    assert read_config(project(tmp_path, WHOLE)) == ProjectConfig(
        access="access",
        options="service.options:Options",
        pages=Pages("pages/approvals.md", "pages/costs.md", "pages/go-live.md", "pages/security.md"),
        prices="pages/prices.json",
        roles={r"\w+ReaderRole": "reads"},
    )


def test_only_the_folder_of_the_policies_is_needed(tmp_path: Path) -> None:
    """Only `access` is required; pages, prices and options may be missing."""
    assert read_config(project(tmp_path, '[tool.delivery]\naccess = "access"')) == ProjectConfig(access="access")


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    """A folder without pyproject.toml is an error that names the folder and the remedy."""
    with pytest.raises(WrongUse, match=f"there is no pyproject.toml in {tmp_path}; run this in the project's folder"):
        read_config(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool", "pyproject.toml cannot be read: "),
        ("[tool]\ndelivery = 1", f"{HERE}]: got 1; a table is needed"),
        ("", f"{HERE}] access: is missing; a path below the project's folder is needed"),
        ("access = 1", f"{HERE}] access: got 1; a path below the project's folder is needed"),
        ('access = ""', f"{HERE}] access: got ''; a path below the project's folder is needed"),
        ('access = "/etc"', f"{HERE}] access: got '/etc'; a path below the project's folder is needed"),
        ('access = "a/../../b"', f"{HERE}] access: got 'a/../../b'; a path below the project's folder is needed"),
        (
            'acess = "a"',
            f"{HERE}] acess: there is no such setting; there are access, checks, options, other-pipelines, pages,",
        ),
        ("other-pipelines = 'second'", f"{HERE}] other-pipelines: got 'second'; a list of pipelines' names is needed"),
        ('other-pipelines = ["*"]', f"{HERE}] other-pipelines: got ['*']; a list of pipelines' names is needed"),
        ('options = "service"', f"{HERE}] options: got 'service'; an import string such as package.module:Class"),
        ("options = 1", f"{HERE}] options: got 1; an import string such as package.module:Class is needed"),
        ('pages = "docs"', f"{HERE}] pages: got 'docs'; a table is needed"),
        ('pages = { cost = "c.md" }', f"{HERE}.pages] cost: there is no such setting; there are approvals, costs,"),
        ("pages = { costs = 1 }", f"{HERE}.pages] costs: got 1; a path below the project's folder is needed"),
        ('prices = "p.json"', f"{HERE}]: `prices` and `pages.costs` belong together; give both or neither"),
        ('pages = { costs = "c.md" }', f"{HERE}]: `prices` and `pages.costs` belong together; give both or neither"),
        ('roles = { "[" = "why" }', f"{HERE}.roles]: got the key '['; it is not a regular expression: "),
        ('roles = { R = " " }', f"{HERE}.roles] R: got ' '; a sentence that says why there is such a role is needed"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """The error names the key, the value read, and the required value."""
    whole = text if text.startswith("[") else f"[tool.delivery]\n{text}"
    with pytest.raises(WrongUse) as refused:
        read_config(project(tmp_path, whole))
    assert message in str(refused.value)


def test_every_fault_of_the_table_is_named(tmp_path: Path) -> None:
    """All faults are reported together, one line each."""
    with pytest.raises(WrongUse) as refused:
        read_config(project(tmp_path, '[tool.delivery]\noptions = 1\npages = { costs = "/c" }\nrole = 1'))
    assert len(str(refused.value).splitlines()) == 5
