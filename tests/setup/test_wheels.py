"""bin/setup installs the wheels that a generated project pins, and rejects any other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.setup.conftest import UV, add_wheel, run_setup


def test_the_wheels_of_a_generated_project_are_those_that_it_pins(generated: Path, script: dict[str, Any]) -> None:
    """A generated project has its pinned wheels, all or only the requested one; the template has none."""
    pins = (generated / "wheels" / "requirements.txt").read_text().splitlines(keepends=True)
    assert script["project_packages"].pinned_wheels("") == pins
    assert script["project_packages"].pinned_wheels("cdk_delivery") == pins[:1]
    (generated / "packages" / "demo" / "src").mkdir(parents=True)
    assert script["project_packages"].pinned_wheels("") == []


@pytest.mark.gate
def test_a_changed_wheel_is_refused(generated: Path) -> None:
    """A changed wheel is rejected before an installation; the error names it and the remedy."""
    with (generated / "wheels" / "demo-1.0-py3-none-any.whl").open("ab") as wheel:
        wheel.write(b"\0")
    code, said = run_setup(generated, "integration")
    assert code == 2
    assert "wheels/demo-1.0-py3-none-any.whl has another hash than wheels/requirements.txt" in said
    assert "`git checkout -- wheels` gets the committed ones back" in said
    assert not (generated / "build").exists()


@pytest.mark.gate
@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "./wheels/absent-1.0-py3-none-any.whl --hash=sha256:" + "0" * 64,
            "there is no wheels/absent-1.0-py3-none-any",
        ),
        ("./wheels/demo-1.0-py3-none-any.whl", "got './wheels/demo-1.0-py3-none-any.whl\\n'; a wheel and its hash"),
        ("demo==1.0 --hash=sha256:" + "0" * 64, "a wheel and its hash are needed"),
        (None, "there is no wheels/requirements.txt"),
    ],
    ids=["absent", "without a hash", "from an index", "no pins"],
)
def test_pins_that_name_no_wheel_of_the_project_are_refused(generated: Path, line: str | None, says: str) -> None:
    """A missing wheel, a pin without a hash, a pin of an index, and missing pins are errors."""
    pins = generated / "wheels" / "requirements.txt"
    if line is None:
        pins.unlink()
    else:
        pins.write_text(f"{line}\n")
    code, said = run_setup(generated, "integration")
    assert code == 2
    assert says in said


@pytest.mark.parametrize(("wheel", "prepared_again"), [("", False), ("demo", True)])
def test_another_wheel_is_another_environment(
    generated: Path, script: dict[str, Any], monkeypatch: pytest.MonkeyPatch, wheel: str, *, prepared_again: bool
) -> None:
    """A changed wheel changes the environment's key; the part prepared from the lock is still shared."""
    keys = []

    def provide(*inputs: Any, added: bytes, **_: Any) -> None:
        keys.append((inputs[3:], added))

    monkeypatch.setattr(script["environment_cache"], "provide", provide)
    spec = script["Environment"]("test", [], wheel=wheel)
    for module in ("", "changed = True\n"):
        (generated / "wheels" / "requirements.txt").unlink()
        add_wheel(generated, "demo", module=module)
        script["environment"](generated / ".venv", spec)
    (prepared, added), (prepared_later, added_later) = keys
    assert added != added_later
    assert (prepared != prepared_later) is prepared_again


@pytest.fixture
def environment(generated: Path) -> Path:
    """An empty relocatable environment, as set-up creates it."""
    folder = generated / "made"
    command = [UV, "venv", "--quiet", "--relocatable", "--python", sys.executable, str(folder)]
    subprocess.run(command, check=True)
    return folder


@pytest.mark.slow
def test_wheels_are_installed_with_commands_that_can_be_moved(
    generated: Path, environment: Path, script: dict[str, Any]
) -> None:
    """The installed commands work after the environment is moved."""
    (generated / "wheels" / "requirements.txt").unlink()
    add_wheel(generated, "demo", module="def main():\n    print('here')\n")
    script["project_packages"].install_wheels(UV, environment, script["project_packages"].pinned_wheels(""), check=True)
    moved = environment.rename(generated / "moved")
    assert subprocess.run([moved / "bin" / "demo"], check=True, capture_output=True, text=True).stdout == "here\n"


@pytest.mark.slow
@pytest.mark.gate
def test_an_edit_of_an_installed_wheel_reaches_no_other_environment(
    generated: Path, environment: Path, script: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An in-place edit of a wheel's module does not change uv's cache, from which the wheel is installed again."""
    monkeypatch.setenv("UV_CACHE_DIR", str(generated / "cache"))
    (generated / "wheels" / "requirements.txt").unlink()
    add_wheel(generated, "demo")
    for _ in range(2):
        lines = script["project_packages"].pinned_wheels("")
        script["project_packages"].install_wheels(UV, environment, lines, check=False)
        (module,) = environment.glob("lib/*/site-packages/demo.py")
        assert module.read_text() == ""
        with module.open("a") as file:
            file.write("print('debugging')\n")
        subprocess.run([UV, "pip", "uninstall", "--quiet", "--python", environment / "bin/python", "demo"], check=True)


@pytest.mark.slow
@pytest.mark.gate
def test_a_wheel_that_the_lock_does_not_fit_is_refused(
    generated: Path, environment: Path, script: dict[str, Any]
) -> None:
    """A wheel with a requirement outside the lock is rejected; the error names the requirement and the remedy."""
    add_wheel(generated, "needy", requires="absent>=1")
    lines = script["project_packages"].pinned_wheels("")
    with pytest.raises(script["SetupError"], match=r"requires `absent>=1`(.|\n)*`copier update` brings wheels and"):
        script["project_packages"].install_wheels(UV, environment, lines, check=True)


@pytest.mark.slow
@pytest.mark.gate
def test_a_wheel_that_changes_while_it_is_installed_is_refused(
    generated: Path, environment: Path, script: dict[str, Any]
) -> None:
    """uv rejects a wheel whose hash changes during the installation."""
    lines = script["project_packages"].pinned_wheels("")
    (generated / "wheels" / "requirements.txt").unlink()
    add_wheel(generated, "demo", module="changed = True\n")
    with pytest.raises(script["SetupError"], match="Hash mismatch"):
        script["project_packages"].install_wheels(UV, environment, lines, check=True)
