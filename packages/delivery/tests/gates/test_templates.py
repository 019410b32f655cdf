"""cfn-lint reads what changed, and nothing else; whatever decides what it says is a change."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cdk_delivery.gates import templates

pytestmark = pytest.mark.slow


def queue(folder: Path, **properties: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    resource = {"Type": "AWS::SQS::Queue", "Properties": properties}
    (folder / "a.template.json").write_text(json.dumps({"Resources": {"Queue": resource}}))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project of two templates, in which nothing was found."""
    for folder in ("cdk.out", "cdk.out/assembly-Dev"):
        queue(tmp_path / folder, QueueName=folder.rpartition("/")[2].replace(".", "-"))
    (tmp_path / templates.SETTINGS).write_text("templates: [cdk.out/**/*.template.json]\n")
    assert templates.main(tmp_path) == 0
    return tmp_path


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the files that cfn-lint was given."""
    found: list[str] = []

    class Green:
        returncode = 0

    def run(command: list[str], **_: object) -> Green:
        found.extend(command[2:])
        return Green()

    monkeypatch.setattr("subprocess.run", run)
    return found


@pytest.mark.gate
def test_a_template_that_changed_is_read_again(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """And again, as long as something is found in it."""
    queue(root / "cdk.out" / "assembly-Dev", Colour="red")
    for _ in range(2):
        assert templates.main(root) == 2
        assert "E3002" in capfd.readouterr().out


def settings(root: Path, _: pytest.MonkeyPatch) -> None:
    (root / templates.SETTINGS).write_text("regions: [eu-west-1]\n")


def linter(_: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(templates, "version", lambda _: "another")


@pytest.mark.parametrize("change", [settings, linter])
def test_other_rules_are_a_change(
    root: Path, read: list[str], monkeypatch: pytest.MonkeyPatch, change: Callable[[Path, pytest.MonkeyPatch], None]
) -> None:
    """Of every template."""
    change(root, monkeypatch)
    assert templates.main(root) == 0
    assert read == ["cdk.out/a.template.json", "cdk.out/assembly-Dev/a.template.json"]


def test_what_did_not_change_is_not_read_again(root: Path, read: list[str]) -> None:
    """In another folder either, as long as the memory comes along."""
    elsewhere = root.rename(root.with_name("another-folder"))
    queue(elsewhere / "cdk.out" / "assembly-Prod", QueueName="new")
    for _ in range(2):
        assert templates.main(elsewhere) == 0
    assert read == ["cdk.out/assembly-Prod/a.template.json"]


def test_without_templates_nothing_is_green(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what makes them."""
    assert templates.main(tmp_path) == 2
    assert "`make synth` writes them" in capsys.readouterr().err
