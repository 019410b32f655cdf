"""The questions of copier.yml, and the files rendered from the template's files and the answers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

from cdk_delivery.settings.messages import SettingsError
from pipeline.stack import Settings
from tests.root import ROOT

QUESTIONS: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text())
CONNECTION = "arn:aws:codeconnections:eu-west-1:111111111111:connection/0d9f"
SOURCES = {
    "connection": {"connection_arn": CONNECTION, "repository": "company/orders", "branch": "main"},
    "codecommit": {"repository": "orders", "branch": "main"},
    "s3": {"bucket": "orders-source", "object_key": "orders.zip"},
}
GOOD = {
    "project_name": "orders",
    "description": "Orders",
    "pipeline_account": "210987654321",
    "dev_account": "210987654322",
    "prod_account": "210987654323",
    "region": "eu-central-1",
    "email": "delivery@company.com",
    "licence": "MIT",
}
# Tables of pyproject.toml that differ, since they list folders of this repository.
OWN_TABLES = {"mypy", "pytest", "importlinter", "ruff"}


def environment(folder: Path) -> jinja2.Environment:
    """Return Jinja's environment as copier configures it, for the files of one folder."""
    extensions = ["jinja2_ansible_filters.AnsibleCoreFiltersExtension"]
    loader = jinja2.FileSystemLoader(folder)
    return jinja2.Environment(loader=loader, extensions=extensions, keep_trailing_newline=True, autoescape=False)  # noqa: S701


def rendered(name: str, answers: dict[str, Any], folder: Path) -> str:
    """Return a file as a project with these answers gets it."""
    return environment(folder).get_template(f"{name}.jinja").render(answers)


def refusal(question: str, answers: dict[str, Any]) -> str:
    """Return copier's message about an answer; empty if it is accepted."""
    return environment(ROOT).from_string(QUESTIONS[question].get("validator", "")).render(answers)


def asked(answers: dict[str, Any]) -> list[str]:
    """Return the questions that follow these answers."""
    names = [name for name in QUESTIONS if not name.startswith("_")]
    conditions = {name: QUESTIONS[name].get("when", "true") for name in names}
    return [name for name in names if environment(ROOT).from_string(conditions[name]).render(answers) != "False"]


@pytest.fixture
def template(context: dict[str, Any], tmp_path: Path) -> Path:
    """A folder with cdk.json and the fixed settings."""
    settings = {**json.loads((ROOT / "cdk.json").read_text()), "context": context}
    (tmp_path / "cdk.json").write_text(json.dumps(settings, indent=2) + "\n")
    shutil.copyfile(ROOT / "cdk.json.jinja", tmp_path / "cdk.json.jinja")
    return tmp_path


@pytest.mark.parametrize("source", SOURCES)
def test_good_answers_become_settings(template: Path, source: str) -> None:
    """Valid answers for every kind of source are accepted, and become valid settings in cdk.json."""
    answers = {**GOOD, "source": source, **SOURCES[source]}
    assert asked(answers) == [name for name in QUESTIONS if name in answers]
    assert [refusal(name, answers) for name in asked(answers)] == [""] * len(answers)
    delivery = Settings.read(json.loads(rendered("cdk.json", answers, template))["context"]["delivery"])
    assert (delivery.name, delivery.source.type) == ("orders", source)


@pytest.mark.gate
@pytest.mark.parametrize(
    ("question", "answer", "source"),
    [
        ("project_name", "Orders", "s3"),
        ("project_name", "orders-of-the-whole-company", "s3"),
        ("pipeline_account", "12345", "s3"),
        ("dev_account", "2109-8765-4322", "s3"),
        ("dev_account", "210987654321", "s3"),
        ("prod_account", "210987654321", "s3"),
        ("prod_account", "210987654322", "s3"),
        ("region", "Frankfurt", "s3"),
        ("region", "cn-north-1", "s3"),
        ("connection_arn", "github", "connection"),
        ("repository", "orders", "connection"),
        ("repository", "company/orders", "codecommit"),
        ("branch", "release/*", "codecommit"),
        ("bucket", "s3://orders", "s3"),
        ("object_key", "/orders.zip", "s3"),
        ("object_key", "orders.tar", "s3"),
        ("email", "delivery", "s3"),
    ],
)
def test_an_invalid_answer_is_rejected(template: Path, question: str, answer: str, source: str) -> None:
    """An answer that the settings would reject is rejected with its value, so that no invalid project is generated."""
    answers = {**GOOD, "source": source, **SOURCES[source], question: answer}
    assert answer in refusal(question, answers)
    with pytest.raises(SettingsError):
        Settings.read(json.loads(rendered("cdk.json", answers, template))["context"]["delivery"])


def test_with_the_template_s_own_answers_cdk_json_is_the_same(template: Path, context: dict[str, Any]) -> None:
    """The template's own answers render the same cdk.json, with flags, formatting and other settings."""
    delivery = context["delivery"]
    source = delivery["source"]
    dev, prod = delivery["environments"]
    answers = {"project_name": delivery["name"], "region": delivery["region"], "email": delivery["notify"]["emails"][0]}
    answers |= {"pipeline_account": delivery["account"], "dev_account": dev["account"], "prod_account": prod["account"]}
    answers |= {"source": source["type"], **{name: source[name] for name in SOURCES["connection"]}}
    assert rendered("cdk.json", answers, template) == (template / "cdk.json").read_text()


def drift(folder: Path) -> list[str]:
    """Return the tables of a project's pyproject.toml that differ from those here."""
    here = tomllib.loads((folder / "pyproject.toml").read_text())
    there = tomllib.loads(rendered("pyproject.toml", GOOD, folder))
    asked_for = {"name": "orders", "description": "Orders", "license": "MIT"}
    expected = {"project": {**here["project"], **asked_for}, "dependency-groups": here["dependency-groups"]}
    different = [name for name, table in expected.items() if there.get(name) != table]
    tools = (here["tool"].keys() | there["tool"].keys()) - OWN_TABLES
    return different + sorted(name for name in tools if here["tool"].get(name) != there["tool"].get(name))


def test_a_project_s_pyproject_differs_in_its_name_only() -> None:
    """A project has the same dependencies, groups, Python and tool tables, so that the same lock fits."""
    assert drift(ROOT) == []


@pytest.mark.gate
@pytest.mark.parametrize(
    ("line", "table"),
    [
        ('echo = ["aws-lambda-powertools[parser]>=3.20,<4"]', "dependency-groups"),
        ('dependencies = ["aws-lambda-powertools>=3.20,<4"]', "project"),
        ('architecture = "x86_64"', "layers"),
    ],
)
def test_a_line_that_projects_would_miss_is_found(tmp_path: Path, line: str, table: str) -> None:
    """The check finds a line that is marked for this repository only."""
    for name in ("pyproject.toml", "pyproject.toml.jinja"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    text = (tmp_path / "pyproject.toml").read_text()
    assert text.count(f"\n{line}\n") == 1
    marked = f"\n# template only: begin\n{line}\n# template only: end\n"
    (tmp_path / "pyproject.toml").write_text(text.replace(f"\n{line}\n", marked))
    assert drift(tmp_path) == [table]


def copy(destination: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Generate the files of a project's root, with the template as a plain folder."""
    template = destination.parent / "template"
    template.mkdir()
    for file in [*ROOT.glob("*.jinja"), *(ROOT / name for name in ("copier.yml", "pyproject.toml", "cdk.json"))]:
        shutil.copyfile(file, template / file.name)
    shutil.copyfile(ROOT / "LICENSE", template / "LICENSE")
    command = [sys.executable, "-m", "copier", "copy", "--defaults", "--trust", "--skip-tasks", *arguments]
    return subprocess.run([*command, str(template), str(destination)], check=False, capture_output=True, text=True)


@pytest.mark.slow
def test_defaults_are_enough(tmp_path: Path) -> None:
    """With the defaults, the name is the folder's, and a project without a licence has no licence file."""
    assert copy(tmp_path / "My Orders").returncode == 0
    project = tomllib.loads((tmp_path / "My Orders" / "pyproject.toml").read_text())["project"]
    assert (project["name"], project["license"]) == ("my-orders", "LicenseRef-Proprietary")
    assert not (tmp_path / "My Orders" / "LICENSE").exists()


@pytest.mark.slow
@pytest.mark.gate
def test_a_refused_answer_generates_nothing(tmp_path: Path) -> None:
    """A rejected answer generates nothing; copier names the question and the reason."""
    done = copy(tmp_path / "orders", "--data", "prod_account=12345")
    assert done.returncode != 0
    assert "prod_account" in done.stderr
    assert "got '12345'; an AWS account id has 12 digits" in done.stderr
    assert not (tmp_path / "orders").exists()
