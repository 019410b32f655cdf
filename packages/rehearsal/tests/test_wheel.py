"""The rehearsal by itself: a wheel that works in a project which has nothing else of this one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.project.test_cloud_assembly import write
from tests.root import PACKAGE, ROOT

UV = shutil.which("uv", path=os.pathsep.join([str(ROOT / ".tools" / "bin"), os.environ["PATH"]])) or "uv"
PIPELINE = {
    "Type": "AWS::CodePipeline::Pipeline",
    "Properties": {
        "Name": "foreign",
        "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        "ArtifactStore": {"Type": "S3", "Location": {"Ref": "Bucket"}},
        "Stages": [
            {
                "Name": "Gate",
                "Actions": [
                    {
                        "Name": "Ask",
                        "ActionTypeId": {"Category": "Approval", "Owner": "AWS", "Provider": "Manual", "Version": "1"},
                    }
                ],
            }
        ],
    },
}


LARGEST = 250_000_000


def called(*command: str | Path, cwd: Path) -> str:
    """Return the output of a command, which must succeed; it sees nothing of this project."""
    done = ended(*command, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def ended(*command: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command that sees nothing of this project."""
    env = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}} | variables
    return subprocess.run(command, cwd=cwd, env=env, check=False, capture_output=True, text=True)


@pytest.fixture(scope="module")
def rehearse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, in an environment that holds the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("wheel")
    called(UV, "build", "--quiet", "--wheel", "--python", sys.executable, "--out-dir", folder, PACKAGE, cwd=folder)
    called(UV, "venv", "--quiet", "--python", sys.executable, folder / "env", cwd=folder)
    python = folder / "env" / "bin" / "python"
    called(UV, "pip", "install", "--quiet", "--python", python, next(folder.glob("*.whl")), cwd=folder)
    return folder / "env" / "bin" / "rehearse"


@pytest.mark.slow
def test_the_installed_command_lists_a_foreign_pipeline(rehearse: Path, tmp_path: Path) -> None:
    """Outside of this repository, with only the app's assembly."""
    (tmp_path / "cdk.json").write_text("{}")
    write(tmp_path / "out", {"Delivery": {"Pipeline": PIPELINE}})
    assert "Usage: rehearse [OPTIONS] COMMAND" in called(rehearse, "--help", cwd=tmp_path)
    assert "nothing was rehearsed yet: `rehearse run`" in called(rehearse, "history", cwd=tmp_path)
    assert "Approval/Manual" in called(rehearse, "run", "--list", "--app", "out", cwd=tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("on_path", [True, False])
def test_the_installed_command_completes_itself(rehearse: Path, tmp_path: Path, *, on_path: bool) -> None:
    """Where PATH has it, and where it was called by its place."""
    script = called(rehearse, "completion", "bash", cwd=tmp_path)
    assert "-m rehearsal" not in script
    path = f"{rehearse.parent}:/usr/bin:/bin" if on_path else "/usr/bin:/bin"
    asked = 'COMP_WORDS=(rehearse hi); COMP_CWORD=1; _rehearse_completion rehearse; echo "${COMPREPLY[@]}"'
    typed = f"export PATH={path}\n{script}\n{asked}; rehearse --version"
    completed, version = called("bash", "-c", typed, cwd=tmp_path).splitlines()
    assert (completed, version) == ("history", f"rehearse {(ROOT / 'VERSION').read_text().strip()}")


@pytest.mark.slow
def test_without_its_extra_a_rehearsal_that_needs_node_names_it(rehearse: Path, tmp_path: Path) -> None:
    """An app is synthesized by the CDK CLI, which needs Node; an assembly is listed without it, as tested above."""
    (tmp_path / "cdk.json").write_text("{}")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(str(shutil.which("git")))
    called("git", "init", "--quiet", cwd=tmp_path)
    done = ended(rehearse, "run", "--list", "--app", "true", cwd=tmp_path, PATH=str(tmp_path / "bin"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "Node.js 20 or newer is needed, and this machine has none" in done.stderr
    assert "cdk-rehearsal[node]" in done.stderr


@pytest.mark.slow
def test_the_installed_command_takes_less_than_250_mb(rehearse: Path) -> None:
    """With everything that it requires. Node would be 200 MB more, and is an extra."""
    (packages,) = rehearse.parent.parent.glob("lib/python*/site-packages")
    assert sum(path.stat().st_size for path in packages.rglob("*") if path.is_file()) < LARGEST


@pytest.mark.slow
def test_the_wheel_tells_what_it_is_and_under_which_licence(rehearse: Path) -> None:
    """For who finds it in a registry."""
    (about,) = rehearse.parent.parent.glob("lib/python*/site-packages/cdk_rehearsal-*.dist-info")
    metadata = (about / "METADATA").read_text()
    assert "rehearse run --approve" in metadata
    assert "License-Expression: Apache-2.0" in metadata
    assert (about / "licenses" / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


@pytest.mark.slow
def test_the_wheel_holds_every_file_and_nothing_else_of_the_project(rehearse: Path) -> None:
    """Files that are not modules as well, such as the one that a build's Node loads first."""
    (installed,) = rehearse.parent.parent.glob("lib/python*/site-packages/rehearsal")
    source = PACKAGE / "src" / "rehearsal"
    here = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
    there = {path.relative_to(installed) for path in installed.rglob("*") if path.is_file()}
    assert {path for path in here ^ there if "__pycache__" not in path.parts} == set()
    assert not (installed.parent / "pipeline").exists()


def test_the_wheel_needs_what_the_lock_has() -> None:
    """The same ranges as the groups of this project, so that poetry.lock satisfies them; MiniStack is pinned."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    wheel = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    assert wheel["dependencies"] == sorted(project["rehearsal"])
    assert wheel["optional-dependencies"] == {"node": project["node"]}
    assert any(requirement.startswith("ministack==") for requirement in wheel["dependencies"])
