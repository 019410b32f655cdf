"""A project with its settings, and three empty accounts of the embedded AWS."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from botocore.loaders import create_loader
from rehearsal.aws import Endpoint, root
from rehearsal.emulator.server import launcher
from rehearsal.workspace.layout import Workspace

from cdk_delivery.cli import main
from tests.root import REPOSITORY

# Every command reads the models of the services that it calls, 0.05 s: those in this process share them.
MODELS = create_loader()
ACCOUNTS = ("111111111111", "222222222222", "333333333333")


@dataclass(frozen=True)
class Person:
    """The operator of a project, with an AWS profile for each account."""

    folder: Path
    environ: dict[str, str]
    endpoint: Endpoint

    def run(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run `delivery` in this process, which saves half a second of imports. given: the answer to its question."""
        with (
            chdir(self.folder),
            patch.dict(os.environ, self.environ, clear=True),
            patch.object(sys, "argv", ["delivery", *arguments]),
            patch.object(sys, "stdin", io.StringIO(given)),
            patch("cdk_delivery.commands.accounts.create_loader", return_value=MODELS),
            redirect_stdout(io.StringIO()) as output,
            redirect_stderr(io.StringIO()) as errors,
            pytest.raises(SystemExit) as exited,
        ):
            main()
        assert isinstance(exited.value.code, int)
        return subprocess.CompletedProcess(arguments, exited.value.code, output.getvalue(), errors.getvalue())

    def run_process(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run `delivery` in a separate process, as an operator does."""
        command = [sys.executable, "-m", "cdk_delivery", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environ, input=given, capture_output=True, text=True, check=False
        )

    def set(self, **delivery: Any) -> None:
        """Change settings in cdk.json."""
        file = self.folder / "cdk.json"
        text = json.loads(file.read_text())
        text["context"]["delivery"].update(delivery)
        file.write_text(json.dumps(text))

    def client(self, service: str, account: str) -> Any:
        return self.endpoint.client(service, root(account), "eu-west-1")


PROFILES = [argument for account in ACCOUNTS for argument in ("--profile", f"{account}=a{account}")]


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    folder = tmp_path_factory.mktemp("aws")
    with launcher.join_or_start(Workspace(folder), iam=False) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def person(endpoint: Endpoint, generated: Path, tmp_path_factory: pytest.TempPathFactory) -> Person:
    folder = tmp_path_factory.mktemp("person") / "project"
    shutil.copytree(generated, folder, symlinks=True)
    config = folder / "profiles"
    keys = "aws_access_key_id = {0}\naws_secret_access_key = rehearsal"
    config.write_text("\n".join(f"[a{account}]\n{keys.format(account)}" for account in ACCOUNTS) + "\n")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CODEBUILD_"))}
    environ |= endpoint.environ(root(ACCOUNTS[0]), "eu-west-1")
    environ["AWS_SHARED_CREDENTIALS_FILE"] = str(config)
    tools = [REPOSITORY / "node_modules" / ".bin", REPOSITORY / ".venv" / "bin"]
    environ["PATH"] = os.pathsep.join([*map(str, tools), environ["PATH"]])
    return Person(folder, environ, endpoint)
