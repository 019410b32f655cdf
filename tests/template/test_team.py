"""A team starts from the template, adds a function, and updates to a later version, as the pages say."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.page import Page, commands, compare, run
from tests.e2e.conftest import share_environments
from tests.e2e.short_builds import replace_gates
from tests.root import ROOT
from tests.template.conftest import git

pytestmark = pytest.mark.e2e

START, ADD, UPGRADE = (ROOT / "docs" / f"{name}.md" for name in ("start-your-own", "add-a-function", "upgrade"))
LATER = "99.0.0"
COMMENT = "# A later version of the template says so.\n"
SENTENCE = "\nA later version of the template says so.\n"
DOCSTRING = '"""A later version of the builder."""\n'


def follow(page: Path, folder: Path) -> None:
    """Run the commands of the page that a reader runs in the project's folder."""
    for block in Page(page).blocks():
        if (block.language, block.about) == ("console", "project"):
            for command, expected in commands(block.text):
                compare(command, expected, run(command, folder))


def share_types(folder: Path, project: Path) -> None:
    """Give `mypy` the results of the first rehearsal, if it has run in `folder`: CDK's modules take 8 s without."""
    for results in folder.glob("rehearsed0/project/.rehearsal/cache/projects/*/cache/mypy_cache-*/3.*"):
        shutil.copytree(results, project / ".mypy_cache" / results.name)


@pytest.fixture(scope="module")
def upstream(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The template's repository, with copier on the PATH."""
    folder = tmp_path_factory.mktemp("upstream") / "template"
    git(folder.parent, "clone", "--quiet", str(template), str(folder))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEMPLATE", str(folder))
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "team")
            patch.setenv(f"GIT_{role}_EMAIL", "team@example.com")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield folder


@pytest.fixture(scope="module")
def project(upstream: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of docs/start-your-own.md, with the function of docs/add-a-function.md."""
    folder = tmp_path_factory.mktemp("team")
    Page(START).follow(folder, console="new")
    follow(START, folder / "orders")
    share_environments(folder / "orders")
    share_types(tmp_path_factory.getbasetemp(), folder / "orders")
    Page(ADD).follow(folder / "orders", console=None)
    git(folder / "orders", "add", "--all")
    git(folder / "orders", "commit", "--quiet", "--message", "Greet")
    return folder / "orders"


def test_the_gates_are_green(project: Path) -> None:
    """`make check` passes in the project with the added function, and changes no file."""
    # The last test runs the tests of stacks, and the next two the gate of the lock.
    run("make --jobs 2 --old-file=unit-stacks --old-file=lock check", project)
    assert git(project, "status", "--porcelain") == ""


def test_the_project_is_rehearsed_from_push_to_prod(project: Path) -> None:
    """Every stage of the team's pipeline succeeds, and the added function responds in both accounts."""
    makefile = (project / "Makefile").read_text()
    # The project's gates and CDK's validation have run before; the first rehearsal of this repository runs the tests of
    # stacks in a build, where there is no .git.
    (project / "Makefile").write_text(replace_gates(makefile, check="lock"))
    run("CDK_VALIDATION=false rehearse run --approve --json build/result.json", project)
    (project / "Makefile").write_text(makefile)
    result = json.loads((project / "build" / "result.json").read_text())
    assert result["status"] == "Succeeded"
    greeted = [(call["account"], call["ok"]) for call in result["invocations"] if "Greet" in call["function"]]
    assert greeted == [("222222222222", True), ("333333333333", True)]


def test_an_update_merges_and_keeps_the_team_s_work(upstream: Path, project: Path) -> None:
    """A change of the thin part and later wheels are merged without a conflict, and the tests pass."""
    builder = upstream / "packages" / "lambda-layers" / "src" / "lambda_layers" / "__init__.py"
    for file, text in ((upstream / "pipeline" / "steps.py", COMMENT), (builder, DOCSTRING)):
        file.write_text(text + file.read_text())
    page = upstream / "docs" / "security.md"
    page.write_text(page.read_text().replace("| TesterRole |", "| Tester |") + SENTENCE)
    (upstream / "VERSION").write_text(f"{LATER}\n")
    git(upstream, "commit", "--quiet", "--all", "--message", "A later version")
    table = (project / "docs" / "security.md").read_text()
    pins = (project / "wheels" / "requirements.txt").read_text()
    follow(UPGRADE, project)
    run("make --jobs 2 lock unit", project)
    changed = {line[3:] for line in git(project, "status", "--porcelain", "--untracked-files=all").splitlines()}
    thin = {".copier-answers.yml", "VERSION", "docs/security.md", "pipeline/steps.py"}
    assert {name for name in changed if not name.startswith("wheels/")} == thin
    assert (project / "pipeline" / "steps.py").read_text() == (upstream / "pipeline" / "steps.py").read_text()
    assert (project / "docs" / "security.md").read_text() == table + SENTENCE
    later = (project / "wheels" / "requirements.txt").read_text().splitlines()
    assert [line.split("-")[1] for line in later] == [LATER] * len(pins.splitlines())
    assert len(list((project / "wheels").glob("*.whl"))) == len(later)
    assert run("python -c 'import lambda_layers; print(lambda_layers.__doc__)'", project) == f"{DOCSTRING[3:-4]}\n"
