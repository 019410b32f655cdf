"""Doctor's rows about the packages, for each mismatch with the project."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from cdk_delivery.commands import doctor_packages
from cdk_delivery.commands.doctor_packages import PACKAGES, package_rows

INSTALLED = dict.fromkeys(PACKAGES, "1.2.0")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The versions installed in the environment, which a test may change."""
    versions = dict(INSTALLED)

    def version(name: str) -> str:
        if name not in versions:
            raise PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(doctor_packages, "version", version)
    return versions


def write(project: Path, version: str, wheels: str = "") -> None:
    """Write the files of a project. wheels: the version of its wheels; empty for none."""
    (project / "VERSION").write_text(f"{version}\n")
    if wheels:
        (project / "wheels").mkdir()
        names = [name.replace("-", "_") for name in PACKAGES]
        pins = [f"./wheels/{name}-{wheels}-py3-none-any.whl --hash=sha256:{'0' * 64}\n" for name in names]
        (project / "wheels" / "requirements.txt").write_text("".join(pins))


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("wheels", ["1.2.0", ""])
def test_packages_of_the_project_s_version_are_ok(tmp_path: Path, wheels: str) -> None:
    """Packages of the project's version are ok, from wheels or from folders of the repository."""
    write(tmp_path, "1.2.0", wheels)
    rows = list(package_rows(tmp_path))
    assert [(row.check, row.state, row.finding) for row in rows] == [
        (f"{name} 1.2.0", "ok", "1.2.0") for name in PACKAGES
    ]


@pytest.mark.gate
@pytest.mark.parametrize(
    ("wheels", "remedy"),
    [("1.3.0", "make setup"), ("", "make setup"), ("1.2.0", "copier update")],
    ids=["wheels that are not installed", "folders", "wheels that were not updated"],
)
@pytest.mark.usefixtures("installed")
def test_a_project_of_another_version_is_red(tmp_path: Path, wheels: str, remedy: str) -> None:
    """The row has the remedy: `make setup` if the project has the right wheels, else an update."""
    write(tmp_path, "1.3.0", wheels)
    rows = list(package_rows(tmp_path))
    assert [(row.state, row.finding, row.remedy) for row in rows] == [("red", "1.2.0", remedy)] * len(PACKAGES)


@pytest.mark.gate
@pytest.mark.parametrize(("found", "says"), [(None, "not installed"), ("1.1.0", "1.1.0")])
@pytest.mark.parametrize("name", PACKAGES[1:])
def test_one_package_that_does_not_fit_is_red(
    tmp_path: Path, installed: dict[str, str], name: str, found: str | None, says: str
) -> None:
    """A missing package, or one left by an earlier set-up, is red; the others are ok."""
    write(tmp_path, "1.2.0", "1.2.0")
    del installed[name]
    if found:
        installed[name] = found
    rows = {row.check: row for row in package_rows(tmp_path)}
    row = rows.pop(f"{name} 1.2.0")
    assert (row.state, row.finding, row.remedy) == ("red", says, "make setup")
    assert {other.state for other in rows.values()} == {"ok"}


@pytest.mark.gate
def test_a_project_without_a_version_needs_packages_of_one_version(tmp_path: Path, installed: dict[str, str]) -> None:
    """Without the file VERSION, installed packages need the same version, and some may be missing."""
    del installed["lambda-layers"]
    del installed["cdk-pipeline-console"]
    installed["cdk-rehearsal"] = "1.1.0"
    rows = [(row.check, row.state) for row in package_rows(tmp_path)]
    assert rows == [("cdk-delivery 1.2.0", "ok"), ("cdk-rehearsal 1.2.0", "red")]


def test_this_environment_fits() -> None:
    """The packages installed in this environment have the same version."""
    repository = Path(__file__).parents[4]
    assert {row.state for row in package_rows(repository)} == {"ok"}
