"""bin/release: problems of a release are found before anything is built or tagged."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.root import ROOT
from tests.template.conftest import git

CHANGELOG = (
    "# Changelog\n\n## Unreleased\n\n## 1.2.0 - 2026-12-01\n\n### Added\n\n- Something.\n\n## 1.1.0\n\n- First.\n"
)
WHEELS = "from pathlib import Path\nPath('dist').mkdir()\nPath('dist', 'demo-1.2.0-py3-none-any.whl').touch()\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository that is ready to release version 1.2.0 of its only package."""
    written = {
        "VERSION": "1.2.0\n",
        "CHANGELOG.md": CHANGELOG,
        "packages/demo/CHANGELOG.md": CHANGELOG,
        "packages/demo/pyproject.toml": "",
        "bin/wheels": WHEELS,
        ".gitignore": "dist/\n",
    }
    for name, text in written.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    shutil.copyfile(ROOT / "bin" / "release", tmp_path / "bin" / "release")
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    commit(tmp_path)
    return tmp_path


def commit(repository: Path) -> None:
    """Commit everything."""
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "changes")


def release(repository: Path) -> tuple[int, str]:
    """Run bin/release; return its exit status and its output."""
    author = {f"GIT_{role}_{what}": "test" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    command = ["python3", "bin/release"]
    env = {**os.environ, **author}
    done = subprocess.run(command, cwd=repository, env=env, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def nothing_happened(repository: Path) -> bool:
    """Return whether there is neither a wheel nor a tag."""
    return not (repository / "dist").exists() and git(repository, "tag") == ""


def test_a_release_builds_wheels_and_tags_the_commit(repository: Path) -> None:
    """A release builds wheels and an annotated tag, prints the next command, and pushes nothing."""
    code, said = release(repository)
    assert code == 0, said
    assert [file.name for file in (repository / "dist").iterdir()] == ["demo-1.2.0-py3-none-any.whl"]
    assert git(repository, "cat-file", "-t", "v1.2.0") == "tag\n"
    assert git(repository, "rev-parse", "v1.2.0^{commit}") == git(repository, "rev-parse", "HEAD")
    assert "`git push origin v1.2.0` publishes it" in said


@pytest.mark.gate
@pytest.mark.parametrize("name", ["CHANGELOG.md", "packages/demo/CHANGELOG.md"])
@pytest.mark.parametrize(
    ("before", "after"),
    [("## 1.2.0 - 2026-12-01\n", ""), ("## 1.2.0", "## 1.2.0.1"), ("\n### Added\n\n- Something.\n", "")],
    ids=["none", "of another version", "empty"],
)
def test_a_changelog_without_the_version_is_in_the_way(repository: Path, name: str, before: str, after: str) -> None:
    """A changelog without a section with text for the version is an error, for the repository and each package."""
    text = (repository / name).read_text()
    assert before in text
    (repository / name).write_text(text.replace(before, after))
    commit(repository)
    code, said = release(repository)
    assert code == 1
    assert said == (f"release: {name}: no section '## 1.2.0' with text; write it, from what is under '## Unreleased'\n")
    assert nothing_happened(repository)


@pytest.mark.gate
def test_a_package_without_a_changelog_is_in_the_way(repository: Path) -> None:
    """A package without a changelog is an error."""
    (repository / "packages" / "demo" / "CHANGELOG.md").unlink()
    commit(repository)
    assert release(repository) == (
        1,
        "release: there is no packages/demo/CHANGELOG.md; a user reads there what changed\n",
    )
    assert nothing_happened(repository)


@pytest.mark.gate
def test_a_tree_that_is_not_clean_is_in_the_way(repository: Path) -> None:
    """An uncommitted file is an error that names it."""
    (repository / "packages" / "demo" / "new.py").touch()
    code, said = release(repository)
    assert code == 1
    assert "the tree is not clean, packages/demo/new.py is not committed" in said
    assert nothing_happened(repository)


@pytest.mark.gate
def test_a_released_version_is_in_the_way(repository: Path) -> None:
    """A version that is already released is an error, and its tag does not move."""
    assert release(repository)[0] == 0
    (repository / "new.txt").touch()
    commit(repository)
    code, said = release(repository)
    assert code == 1
    assert said == "release: VERSION: 1.2.0 is released, its tag is v1.2.0; write the next version\n"
    assert git(repository, "rev-parse", "v1.2.0^{commit}") == git(repository, "rev-parse", "HEAD~1")


@pytest.mark.gate
def test_an_invalid_version_is_in_the_way(repository: Path) -> None:
    """An invalid version is an error, reported together with all other problems."""
    (repository / "VERSION").write_text("next\n")
    code, said = release(repository)
    assert code == 1
    assert said.splitlines()[0] == "release: VERSION: got 'next'; a version looks like 1.2.3"
    assert len(said.splitlines()) == 4


@pytest.mark.gate
def test_wheels_that_cannot_be_built_leave_no_tag(repository: Path) -> None:
    """A failed build sets no tag, and its exit status is passed on."""
    (repository / "bin" / "wheels").write_text("import sys\nsys.exit(2)\n")
    commit(repository)
    assert release(repository)[0] == 2
    assert git(repository, "tag") == ""


def test_version_is_the_only_home_of_the_version() -> None:
    """Each pyproject.toml has a dynamic version."""
    for file in [ROOT / "pyproject.toml", *ROOT.glob("packages/*/pyproject.toml")]:
        lines = file.read_text().splitlines()
        assert [line for line in lines if line.startswith("version =")] == []
        assert any(line.startswith('dynamic = ["version"]') for line in lines)
