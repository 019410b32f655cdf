"""A copy of this project in a separate repository, and its first rehearsal."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rehearsal.workspace import prepared_folders
from tests.root import ROOT

ENVIRONMENTS = "lambda-layers-pipeline/environments"
MODULES = Path.home() / ".cache" / "aws" / "jsii" / "package-cache"
LIMIT = 600  # seconds, the timeout of a rehearsal
COMMAND = (sys.executable, "-m", "rehearsal")
TOOLS = (Path(sys.executable).parent, ROOT / ".tools" / "bin", ROOT / "node_modules" / ".bin")


@dataclass(frozen=True)
class Ran:
    """The result of one `rehearse run`.

    result: its --json file. left: the remaining processes. repository: the state of the user's repository after it.
    """

    code: int
    printed: str
    result: dict[str, Any]
    left: list[str]
    repository: list[str]

    def status(self, stage: str, action: str) -> str:
        """Return the status of one action; empty if it was never started."""
        actions = next(entry["actions"] for entry in self.result["stages"] if entry["name"] == stage)
        return str(next(entry["status"] for entry in actions if entry["name"] == action))


@dataclass(frozen=True)
class Project:
    """A copy of this project."""

    root: Path
    environ: Mapping[str, str]

    def git(self, *arguments: str) -> str:
        """Run git in the copy."""
        command = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost", *arguments]
        return subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True).stdout.strip()

    def replace(self, path: str, old: str, new: str) -> None:
        """Change one place of one file."""
        text = (self.root / path).read_text()
        assert text.count(old) == 1, f"{path} holds {old!r} {text.count(old)} times"
        (self.root / path).write_text(text.replace(old, new))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a rehearsal command like a shell job: in a separate process group that accepts Ctrl-C."""
        # a shell that starts pytest in the background has it ignore SIGINT, and what it starts would inherit that
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.root,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one rehearsal command to its end."""
        process = self.start(*arguments)
        printed, _ = process.communicate(timeout=LIMIT)
        return subprocess.CompletedProcess(arguments, process.returncode, printed)

    def run(self, *arguments: str) -> Ran:
        """Rehearse the present state of the copy."""
        output = self.root.parent / "result.json"
        output.unlink(missing_ok=True)
        done = self.command("run", "--json", str(output), *arguments)
        print(done.stdout)  # pytest shows it when the test fails
        result = json.loads(output.read_text()) if output.exists() else {}
        return Ran(done.returncode, done.stdout, result, self.processes(), self.repository())

    def repository(self) -> list[str]:
        """Return the changed files, the branches, the remotes and the number of commits."""
        commands = ("status --porcelain", "branch --all --format %(refname)", "remote", "rev-list --count --all")
        return [self.git(*command.split()) for command in commands]

    def processes(self) -> list[str]:
        """Return the processes in the copy's folder or with its path, except the removal of temporary folders."""
        return [line for line in _processes() if str(self.root) in line and ": rm -rf -- " not in line]


def _processes() -> Iterator[str]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                yield f"{entry.name}: {words}in {(entry / 'cwd').readlink()}"
            except OSError:
                continue  # the process has ended, or has no folder


def share_environments(project: Path) -> None:
    """Give the builds this machine's prepared environments and its modules of CDK, as links."""
    caches = project / ".rehearsal" / "cache"
    prepared_folders.link(caches, [ENVIRONMENTS])
    MODULES.mkdir(parents=True, exist_ok=True)
    (modules := caches / "jsii").unlink(missing_ok=True)
    modules.symlink_to(MODULES)


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """This working tree, committed to a separate repository, with the caches of earlier builds."""
    root, home = tmp_path_factory.mktemp("rehearsed") / "project", tmp_path_factory.mktemp("home")
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in names:
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    caches = ROOT / ".rehearsal" / "cache"
    if caches.exists():
        shutil.copytree(caches, root / ".rehearsal" / "cache", symlinks=True)
    share_environments(root)
    path = os.pathsep.join([*map(str, TOOLS), os.environ["PATH"]])
    # The builds do not see these settings of the first deployment: they validate the templates.
    cdk = {"CDK_VALIDATION": "false", "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(MODULES)}
    project = Project(root, {**os.environ, "HOME": str(home), "PATH": path, **cdk})
    project.git("init", "--quiet", "--initial-branch", "main")
    project.git("add", "--all")
    project.git("commit", "--quiet", "--message", "a working tree")
    return project


@pytest.fixture(scope="session")
def first(copy: Project) -> Ran:
    """The first rehearsal of the copy: bootstrap, deployment, and the whole pipeline with every gate."""
    return copy.run("--approve")
