"""Projects that are generated from this working tree, outside of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.root import ROOT

AUTHOR = ("-c", "user.name=test", "-c", "user.email=test@localhost")
Generate = Callable[[Path, str], None]

ANSWERS = """\
project_name: orders
description: Orders "à la carte", from the web to the kitchen
pipeline_account: "210987654321"
dev_account: "210987654322"
prod_account: "210987654323"
region: eu-central-1
source: connection
connection_arn: arn:aws:codeconnections:eu-central-1:210987654321:connection/7d2469ff-514a-4f39-9003-9ca4d1bf1f3a
repository: company/orders
branch: trunk
email: delivery@company.com
licence: MIT
"""


def git(folder: Path, *arguments: str) -> str:
    """Run git, and return its output."""
    command = ["git", *AUTHOR, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def copier(verb: str, *arguments: str | Path, cwd: Path) -> str:
    """Run copier as a user does, and return its output. The tasks are the ones of the test's template."""
    command = [sys.executable, "-m", "copier", verb, "--trust", "--vcs-ref", "HEAD", "--defaults", *map(str, arguments)]
    names = {"GIT_AUTHOR_NAME": "test", "GIT_COMMITTER_NAME": "test"}
    names |= {"GIT_AUTHOR_EMAIL": "test@localhost", "GIT_COMMITTER_EMAIL": "test@localhost"}
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **names}, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def write_template(folder: Path, *, without: str) -> Path:
    """Write a repository with one commit of the working tree, changes included, except names that match `without`."""
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in listed:
        if (ROOT / name).is_file() and not re.match(without, name):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "a working tree")
    git(folder, "repack", "-adq")  # copier looks at each file of .git
    return folder


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository without most files that copier leaves out, because it renders their names, too."""
    without = "(packages/[^/]+/tests|bench|docs/decisions|tests/(bench|e2e/deployed|gates|setup|template|upgrade))/"
    return write_template(tmp_path_factory.mktemp("template") / "template", without=without)


@pytest.fixture(scope="session")
def small_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with one module of each package, whose names take copier half of the time."""
    without = r"packages/[^/]+/(tests/|src/(?!\w+/__init__\.py$))"
    return write_template(tmp_path_factory.mktemp("small") / "template", without=without)


@pytest.fixture(scope="session")
def generated(small_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the answers above, as copier writes it."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "answers.yml").write_text(ANSWERS)
    copier("copy", "--data-file", folder / "answers.yml", small_template, folder / "orders", cwd=folder)
    return folder / "orders"
