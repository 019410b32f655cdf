"""The comparison of the lock file with pyproject.toml, which does not trust the content-hash."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from lambda_layers.builder.project_build import build
from lambda_layers.errors import LayersError
from tests.projects import Project, content_hash
from tests.wheels import House


def forge(root: Path, before: str, after: str) -> None:
    """Change pyproject.toml, and update only the lock file's content-hash."""
    pyproject, lock = root / "pyproject.toml", root / "poetry.lock"
    assert before in pyproject.read_text()
    pyproject.write_text(pyproject.read_text().replace(before, after))
    forged = content_hash(tomllib.loads(pyproject.read_text()))
    lock.write_text(re.sub(r'content-hash = "\w+"', f'content-hash = "{forged}"', lock.read_text()))


@pytest.fixture
def root(project: Project, house: House) -> Path:
    """A project whose function one needs a package that needs another package."""
    for name in ("base", "deep", "other"):
        house.wheel(name)
    house.wheel("extra", requires=["deep"])
    return project.write({"main": ["base"], "one": ["extra"]})


@pytest.mark.gate
@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('one = ["extra"]', 'one = ["extra", "other"]', "group one asks for other, which is not locked in it"),
        ('["base"]', '["base>=2"]', "group main asks for base>=2, and 1.0 is locked"),
        ('one = ["extra"]', 'one = ["deep"]', "extra is locked in group one, and nothing asks for it"),
        ('one = ["extra"]', "one = []", "deep is locked in group one, and nothing asks for it"),
    ],
    ids=["a package more", "another version", "a package less", "an empty group"],
)
def test_a_forged_content_hash_is_refused(root: Path, before: str, after: str, message: str) -> None:
    """The build rejects such a lock, which Poetry exports silently, and names package, group and remedy."""
    build(root)
    forge(root, before, after)
    with pytest.raises(LayersError, match=re.escape(message)) as refused:
        build(root)
    assert "although its content-hash is that of pyproject.toml" in str(refused.value)
    assert "Run `poetry lock`" in str(refused.value)


def test_a_requirement_for_another_target_is_not_missing(root: Path) -> None:
    """A requirement whose marker excludes the target is not missing from the lock."""
    forge(root, 'one = ["extra"]', 'one = ["extra", "other ; sys_platform == \'win32\'"]')
    assert build(root) == []


def test_a_group_may_include_another(root: Path) -> None:
    """The requirements of an included group belong to both groups."""
    forge(root, 'one = ["extra"]', 'one = [{include-group = "more"}]\nmore = ["extra"]')
    lock = root / "poetry.lock"
    lock.write_text(lock.read_text().replace('groups = ["one"]', 'groups = ["more", "one"]'))
    assert build(root) == []
