"""The files of a generated project."""

from __future__ import annotations

import filecmp
import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.root import ROOT
from tests.template.conftest import ANSWERS, copier

pytestmark = pytest.mark.slow

ANSWERED = yaml.safe_load(ANSWERS)
# Lines of Python that a team owns, with and without its tests. bin/setup has no suffix.
MOST, MOST_WITH_TESTS = 1500, 3200
RENDERED = {".copier-answers.yml", ".secrets.baseline", "LICENSE", "README.md", "cdk.json", "docs/security.md"}
RENDERED |= {"pyproject.toml"}
PACKAGES = [*ROOT.glob("packages/*/pyproject.toml")]


def files(folder: Path) -> Iterator[str]:
    """Yield the files of a project, without the ones of git and of executed commands."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not re.match(r"(\.git|\.venv|\.tools|node_modules|build|cdk\.out|\..*_cache)/", name):
            yield name


def python_lines(folder: Path, *, tests: bool) -> int:
    """Count the modules' lines, without bin/, which a team does not change."""
    skipped = ("bin/",) if tests else ("bin/", "tests/")
    names = [name for name in files(folder) if name.endswith(".py") and not name.startswith(skipped)]
    return sum(len((folder / name).read_text().splitlines()) for name in names)


def broken_links(folder: Path) -> list[str]:
    """Return the links of pages to files that the project does not have."""
    pages = [folder / name for name in files(folder) if name.endswith(".md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text())]
    return [f"{page.relative_to(folder)}: {link}" for page, link in links if not (page.parent / link).exists()]


def test_files_are_those_of_the_template_or_rendered(generated: Path) -> None:
    """Each file equals the template's, except the rendered ones and the wheels."""
    names = [name for name in files(generated) if not name.startswith("wheels/")]
    changed = {name for name in names if not (ROOT / name).exists() or not filecmp.cmp(ROOT / name, generated / name)}
    assert changed == RENDERED


def test_nothing_of_the_template_s_own_work_is_left(generated: Path) -> None:
    """A project has no package source, benchmark, template test or wheel builder, and no name of the template."""
    names = set(files(generated))
    tests = (f"tests/{name}/" for name in ("bench", "e2e/deployed", "template", "upgrade"))
    folders = ("bench/", ".ci/", "dist/", "docs/decisions/", *tests)
    assert [name for name in names if name.startswith(folders) or name.endswith(".jinja")] == []
    assert [name for name in names if name.startswith("packages/") and "/docs/" not in name] == []
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "bin").glob("*.py")}
    assert {name for name in names if name.startswith("bin/")} == {"bin/setup", *modules}
    assert not names & {"copier.yml", "CHANGELOG.md", ".github/workflows/packages.yml", "docs/start-your-own.md"}
    ours = ("lambda-layers-pipeline", "template only")
    naming = [name for name in RENDERED & names if any(word in (generated / name).read_text() for word in ours)]
    assert naming == []


def test_a_team_owns_few_lines(generated: Path) -> None:
    """A team owns at most a bounded number of lines; the rest comes as wheels."""
    assert python_lines(generated, tests=False) <= MOST
    assert python_lines(generated, tests=True) <= MOST_WITH_TESTS


def test_no_link_is_broken(generated: Path) -> None:
    """No page has a broken link, pages of packages included."""
    assert broken_links(generated) == []


@pytest.mark.gate
def test_a_page_that_links_to_what_is_left_out_is_found(tmp_path: Path) -> None:
    """The check finds a link to a file that projects do not get, such as a decision record."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "layers.md").write_text("[why](decisions/0003.md), [here](layers.md), [there](https://a.b)")
    assert broken_links(tmp_path) == ["docs/layers.md: decisions/0003.md"]


def test_the_lock_is_the_template_s_and_fits(generated: Path) -> None:
    """The template's lock passes `poetry check --lock` with the project's pyproject.toml."""
    assert filecmp.cmp(ROOT / "poetry.lock", generated / "poetry.lock", shallow=False)
    poetry = ROOT / ".tools" / "bin" / "poetry"
    subprocess.run([poetry, "check", "--lock"], cwd=generated, check=True, capture_output=True)


def test_answers_are_where_they_belong(generated: Path) -> None:
    """The answers are in pyproject.toml, cdk.json, README and licence."""
    project = tomllib.loads((generated / "pyproject.toml").read_text())["project"]
    delivery = json.loads((generated / "cdk.json").read_text())["context"]["delivery"]
    assert (project["name"], project["description"]) == (ANSWERED["project_name"], ANSWERED["description"])
    assert project["license"] == "MIT"
    assert (generated / "LICENSE").read_text().startswith("MIT License")
    assert (delivery["name"], delivery["account"], delivery["region"]) == ("orders", "210987654321", "eu-central-1")
    assert delivery["source"] == {
        "type": "connection",
        "connection_arn": ANSWERED["connection_arn"],
        "repository": "company/orders",
        "branch": "trunk",
    }
    assert [(environment["account"], environment["region"]) for environment in delivery["environments"]] == [
        ("210987654322", "eu-central-1"),
        ("210987654323", "eu-central-1"),
    ]
    assert delivery["notify"] == {"emails": ["delivery@company.com"]}
    assert (generated / "README.md").read_text().startswith(f"# orders\n\n{ANSWERED['description']}\n")


def test_the_baseline_has_findings_in_files_of_the_project_only(generated: Path) -> None:
    """The secrets baseline has only findings in files of the project."""
    here = json.loads((ROOT / ".secrets.baseline").read_text())
    there = json.loads((generated / ".secrets.baseline").read_text())
    assert there["results"] == {name: finds for name, finds in here["results"].items() if (generated / name).exists()}
    assert 0 < len(there["results"]) < len(here["results"])


def test_the_same_answers_give_the_same_project(small_template: Path, generated: Path, tmp_path: Path) -> None:
    """The same answers give the same files and wheels, which updates rely on."""
    answers, again = generated.parent / "answers.yml", tmp_path / "orders"
    copier("copy", "--quiet", "--data-file", answers, small_template, again, cwd=tmp_path)
    names = sorted(files(again))
    assert names == sorted(files(generated))
    assert len([name for name in names if name.startswith("wheels/")]) == len(PACKAGES) + 1
    assert filecmp.cmpfiles(generated, again, names, shallow=False) == (names, [], [])
