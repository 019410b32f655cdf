"""`[tool.layers]`: valid values, and the messages for invalid ones."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from lambda_layers.builder.project_build import build
from lambda_layers.errors import WrongUse
from lambda_layers.settings import read
from lambda_layers.target import runtimes

GOOD = 'python = "3.13"\narchitecture = "arm64"\n'


def written(folder: Path, text: str) -> Path:
    """Write a pyproject.toml with this text."""
    (folder / "pyproject.toml").write_text(text)
    return folder / "pyproject.toml"


def test_the_target_is_read(tmp_path: Path) -> None:
    """Python and architecture are required; the other settings have defaults."""
    found = read(written(tmp_path, f'[tool.layers]\n{GOOD}build-from-source = ["My_Package"]\n'))
    assert (found.target.python, found.target.machine) == ("3.13", "aarch64")
    assert (found.runtime_provided, found.drop_tests, *found.build_from_source) == ("ship", False, "my-package")


@pytest.mark.gate
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool]\n", "has no \\[tool.layers\\]"),
        (f'[tool.layers]\n{GOOD}shard = "x"\n', "shard: there is no such setting; there are architecture, .*python"),
        ('[tool.layers]\npython = "3.13"\n', "architecture is missing"),
        ('[tool.layers]\npython = "3.13"\narchitecture = "amd64"\n', "architecture: got 'amd64'.*'x86_64' or 'arm64'"),
        ('[tool.layers]\npython = "3.11"\narchitecture = "arm64"\n', "got '3.11'.*allowed are 3.12, 3.13, 3.14"),
        ('[tool.layers]\npython = "2.7"\narchitecture = "arm64"\n', "got '2.7'.*no such runtime"),
        ('[tool.layers]\npython = 3.13\narchitecture = "arm64"\n', "python: got 3.13; .*string"),
        (f'[tool.layers]\n{GOOD}runtime-provided = "half"\n', "runtime-provided: got 'half'.*'ship' or 'drop'"),
        (f"[tool.layers]\n{GOOD}drop-tests = 1\n", "drop-tests: got 1; it has to be true or false"),
        (f'[tool.layers]\n{GOOD}keep = "a/*"\n', "keep: got 'a/\\*'; it has to be a list of strings"),
        (f"[tool.layers]\n{GOOD}build-from-source = [1]\n", "build-from-source: got \\[1\\]; .*list of strings"),
        (f'[tool.layers]\n{GOOD}lock = "pdm.lock"\n', "lock: got 'pdm.lock'.*'poetry.lock' or 'uv.lock'"),
        ("[tool]\nlayers = 3\n", "\\[tool.layers\\] is 3, and has to be a table"),
        ("[tool.layers\n", "pyproject.toml: "),
    ],
)
def test_an_invalid_setting_is_reported(tmp_path: Path, text: str, message: str) -> None:
    """The error names the key, the value read and the allowed values."""
    with pytest.raises(WrongUse, match=message):
        read(written(tmp_path, text))


def test_a_missing_pyproject_is_reported(tmp_path: Path) -> None:
    """A command outside a project reports that pyproject.toml is missing."""
    with pytest.raises(WrongUse, match="run this in the project's folder"):
        read(tmp_path / "pyproject.toml")
    with pytest.raises(WrongUse, match="run this in the project's folder"):
        build(tmp_path)


@pytest.mark.gate
def test_a_runtime_past_its_end_is_refused() -> None:
    """A runtime is rejected from the day after its support ends."""
    runtimes.check_supported("3.12", date(2028, 10, 31))
    with pytest.raises(ValueError, match=r"ended on 2028-10-31; allowed are 3\.13, 3\.14"):
        runtimes.check_supported("3.12", date(2028, 11, 1))
