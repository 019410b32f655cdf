"""The pipeline that the first rehearsal has deployed, which all tests of this folder share."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.e2e.conftest import Project, Ran
from tests.e2e.short_builds import replace_gates
from tests.upgrade.deployed import exported_client

# Folders that no short build reads, and each one would copy.
_UNREAD_FOLDERS = ["bench", "docs", "packages/console", "packages/rehearsal", "packages/*/docs", "packages/*/tests"]
_UNREAD_FOLDERS += ["tests/e2e", "tests/upgrade"]


@dataclass(frozen=True)
class Deployed(Project):
    """The copy of this project, with the accounts of its embedded AWS."""

    exports: dict[str, dict[str, str]] = field(default_factory=dict)
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def client(self, service: str, environment: str) -> Any:
        """Return a boto3 client with the variables of `rehearse env`, which runs once for each environment."""
        if (service, environment) not in self.clients:
            self.clients[service, environment] = exported_client(self._exports(environment), service)
        return self.clients[service, environment]

    def _exports(self, environment: str) -> dict[str, str]:
        if environment not in self.exports:
            printed = self.command("env", environment).stdout
            self.exports[environment] = dict(shlex.split(line)[1].split("=", 1) for line in printed.splitlines())
        return self.exports[environment]

    def holds(self, environment: str) -> dict[str, tuple[str, list[str]]]:
        """Return the code digest and the layers of every function of an environment."""
        functions = self.client("lambda", environment).list_functions()["Functions"]
        return {
            function["FunctionName"]: (function["CodeSha256"], [layer["Arn"] for layer in function.get("Layers", [])])
            for function in functions
        }


@pytest.fixture(scope="session")
def deployed(copy: Project, first: Ran) -> Iterator[Deployed]:
    """The copy with its deployed pipeline and running embedded AWS."""
    assert first.code == 0, f"the good tree went red, so no fault can be told from it:\n{first.printed[-3000:]}"
    assert copy.command("up").returncode == 0
    yield Deployed(copy.root, copy.environ)
    copy.command("down")


@pytest.fixture(scope="session")
def _short_builds(deployed: Deployed) -> None:
    """Commit a synth build without the gates: the first rehearsal has run them all, and each gate has tests."""
    makefile = deployed.root / "Makefile"
    makefile.write_text(replace_gates(makefile.read_text(), check="lock"))
    for pattern in _UNREAD_FOLDERS:
        for folder in deployed.root.glob(pattern):
            shutil.rmtree(folder)
    deployed.git("commit", "--quiet", "--all", "--message", "short builds")


@pytest.fixture
def editable(deployed: Deployed, _short_builds: None) -> Iterator[Deployed]:
    """The same, with a working tree whose changes are undone at the end of the test."""
    yield deployed
    deployed.git("reset", "--quiet", "--hard")
    deployed.git("clean", "--quiet", "--force", "-d")
